/** The logo: the arch of a culvert, seen from the road. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M6 25V18a10 10 0 0 1 20 0v7h-5v-7a5 5 0 0 0-10 0v7z" />
    </svg>
  );
}
