/* read_table.c: a column of a CSV file as the runtime reads it: read_table FILE HEADING. */
#include "array.h"
#include <stdio.h>

int main(int argc, char **argv) {
  Array a;
  Trouble t = { 0 };
  if (argc != 3) return EXIT_USAGE;
  if (!rt_read_csv(argv[1], argv[2], &a, &t)) return fprintf(stderr, "%s\n", t.text), t.code;
  for (int64_t i = 0; i < a.count; i++) {
    char word[80] = "";
    if (a.kind == ARRAY_BYTES) rt_array_word(&a, i, word, sizeof word), printf("%s\n", word);
    else printf("%.17g\n", rt_array_number(&a, i));
  }
  rt_array_free(&a);
  return EXIT_OK;
}
