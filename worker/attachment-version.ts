/**
 * Stands in what objects keep beside their sockets, which outlives the code that wrote it: a deploy leaves WebSockets open.
 * Fields may be added without another number. It is raised where one changes its meaning: then older code takes the socket
 * for lost, and so does newer code what it can't read any more. What revision 18b23a9 wrote has no number.
 */
export const ATTACHMENT_VERSION = 1;
