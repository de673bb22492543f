/**
 * The version of sockets' attachments, which outlive the code that wrote them, because a deploy leaves WebSockets open. Adding a field
 * needs no new number. The number is raised when a field changes its meaning. Older code then treats the socket as lost, and so does
 * newer code that can no longer read it. Attachments of revision 18b23a9 have no number.
 */
export const ATTACHMENT_VERSION = 1;
