/* use.c: the fashion model in a program of C.
 *
 *     ./use_c param.npy images.npy        images: float32, N x 28 x 28
 *
 * Prints the ten logits of each image, a line an image: the numbers that `./fashion predict images.npy -o logits.csv`
 * writes, to the last bit. Then, to standard error, which pixel of the first image moves its first logit most. */
#include "fashion.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 28 * 28, CLASSES = 10 };

/* The numbers of an NPY file of float32; its header ends in a line feed and has a length of two bytes at 8. */
static float *read_floats(const char *path, int64_t *n) {
  FILE *f = fopen(path, "rb");
  unsigned char head[10];
  if (!f || fread(head, 1, 10, f) != 10 || memcmp(head, "\x93NUMPY\x01", 7)) {
    fprintf(stderr, "%s: no NPY file\n", path);
    exit(1);
  }
  long begin = 10 + head[8] + 256L * head[9];
  fseek(f, 0, SEEK_END);
  *n = (ftell(f) - begin) / (long)sizeof(float);
  float *x = malloc((size_t)*n * sizeof *x + 1);
  fseek(f, begin, SEEK_SET);
  if (!x || fread(x, sizeof *x, (size_t)*n, f) != (size_t)*n) { fprintf(stderr, "%s: ends early\n", path); exit(1); }
  fclose(f);
  return x;
}

static void check(int status, const char *what) {
  if (status == GDL_OK) return;
  fprintf(stderr, "%s: status %d of gdl.h\n", what, status);
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "usage: %s param.npy images.npy\n", argv[0]); return 2; }
  int64_t nparam, npixels;
  float *param = read_floats(argv[1], &nparam), *image = read_floats(argv[2], &npixels);
  int64_t b = npixels / PIXELS;
  if (nparam != fashion_nparam) { fprintf(stderr, "%s: not of this model\n", argv[1]); return 1; }

  float *logits = malloc((size_t)b * CLASSES * sizeof *logits);
  void *workspace = aligned_alloc(64, fashion_workspace(b));
  check(fashion(b, image, param, logits, workspace), "fashion");
  for (int64_t i = 0; i < b * CLASSES; i++) printf("%.9g%c", (double)logits[i], (i + 1) % CLASSES ? ',' : '\n');
  free(workspace);

  /* the gradient of one logit of the first image: its cotangent is 1, all others 0 */
  float d_logits[CLASSES] = { 1 }, d_image[PIXELS], *d_param = malloc((size_t)fashion_nparam * sizeof *d_param);
  workspace = aligned_alloc(64, fashion_pull_workspace(1));
  check(fashion_pull(1, image, param, d_logits, d_image, d_param, workspace), "fashion_pull");
  int most = 0;
  for (int i = 1; i < PIXELS; i++)
    if (d_image[i] * d_image[i] > d_image[most] * d_image[most]) most = i;
  fprintf(stderr, "the first logit moves most with pixel (%d, %d): %g\n", most / 28, most % 28, (double)d_image[most]);
  free(workspace);
  free(d_param);
  free(logits);
  free(image);
  free(param);
  return 0;
}
