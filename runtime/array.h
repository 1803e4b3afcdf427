/* array.h: an array of numbers or short texts as a data file has it, in memory, row by row, in the byte
 * order of this machine. count is the product of dim[0 .. rank); at has count * item bytes. */
#ifndef GDL_RT_ARRAY_H
#define GDL_RT_ARRAY_H
#include "trouble.h"

/*          kind   C type    NPY   bytes */
#define ARRAY_KINDS(KIND) \
  KIND(U8,  uint8_t,  "u1", 1) KIND(I8,  int8_t,  "i1", 1) KIND(BOOL, uint8_t, "b1", 1) \
  KIND(U16, uint16_t, "u2", 2) KIND(I16, int16_t, "i2", 2) KIND(U32, uint32_t, "u4", 4) \
  KIND(I32, int32_t,  "i4", 4) KIND(I64, int64_t, "i8", 8) KIND(F32, float,   "f4", 4) KIND(F64, double, "f8", 8)
typedef enum ArrayKind {
#define KIND(name, type, npy, bytes) ARRAY_##name,
  ARRAY_KINDS(KIND)
#undef KIND
  ARRAY_BYTES, ARRAY_UCS4,          /* texts, padded with zeros: NPY's S and U                      */
} ArrayKind;
enum { ARRAY_RANK = 8 };

typedef struct Array {
  char *name;                       /* of the file, "train.npz: coords" for a member                */
  ArrayKind kind;
  uint32_t rank;
  size_t item;                      /* bytes of an element                                          */
  int64_t dim[ARRAY_RANK], count;
  uint8_t *at;
} Array;

/* array.c */
bool rt_array_make(Array *a, const char *name, ArrayKind kind, size_t item, uint32_t rank, const int64_t *dim,
    Trouble *t);
void rt_array_free(Array *a);
/* Of these sizes; false where no memory could hold them. A reader asks before it makes what a header asks for. */
bool rt_array_bytes(const char *name, size_t item, uint32_t rank, const int64_t *dim, size_t *bytes, Trouble *t);
double rt_array_number(const Array *a, int64_t i);           /* not of texts                               */
bool rt_array_integer(const Array *a, int64_t i, int64_t *x);             /* false: no whole number        */
void rt_array_word(const Array *a, int64_t i, char *out, size_t n);       /* a text as UTF-8               */
bool rt_array_append(Array *a, Array *more, Trouble *t);     /* along the first axis; frees `more`         */
/* "sample 5, element 3 4" (first 0); "element 3 4" without samples. */
void rt_array_place(const Array *a, int64_t i, bool samples, char *out, size_t n);
void rt_array_shape(const Array *a, char *out, size_t n);    /* "60000 x 28 x 28 u1"                       */
/* read_idx.c, read_npy.c, read_npz.c, read_png.c: the file, whole. */
bool rt_read_idx(const char *path, Array *a, Trouble *t);    /* gz or not                                  */
bool rt_parse_idx(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t);
bool rt_read_npy(const char *path, Array *a, Trouble *t);
bool rt_parse_npy(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t);
/* Bytes of the whole file, from its first 128 KiB, or all of it where it is shorter. */
bool rt_npy_length(const char *name, const uint8_t *at, size_t n, size_t *length, Trouble *t);
bool rt_read_npz(const char *path, const char *member, Array *a, Trouble *t);
bool rt_read_csv(const char *path, const char *heading, Array *a, Trouble *t);       /* read_csv.c: a column */
bool rt_read_png(const char *path, Array *a, Trouble *t);    /* height x width [x channels], u8 or u16     */
bool rt_parse_png(const char *name, const uint8_t *at, size_t n, Array *a, Trouble *t);
/* write_npy.c: by suffix, NPY or CSV (one line a row, for at most two axes or flattened behind the first). */
bool rt_write_array(const char *path, const Array *a, Trouble *t);
#endif
