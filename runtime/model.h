/* model.h: a module as the host sees it: entries by kind, the layout of arguments, a call of an entry.
 *
 *     axes "brm"     dims { -1, 784, 8 }     one sample: 784 rows of 8 numbers
 *     axes "rm"      dims { -2, 3 }          a set: the rows of all samples side by side, 3 numbers each
 *
 * The host knows no model and no optimiser: all it needs is in the tables of gdl.h. */
#ifndef GDL_RT_MODEL_H
#define GDL_RT_MODEL_H
#include "gdl.h"
#include "trouble.h"

enum { SIZES_MOST = 16 };
typedef struct Layout {
  bool batched;                     /* the first axis is b                                          */
  int32_t symbol;                   /* rows come with the data: number of the size that counts them; else -1 */
  int64_t rows, numbers;            /* of one sample; rows 1 where there is no axis of rows, 0 with a symbol */
  int32_t nrows;                    /* axes of rows                                                 */
  int64_t shape[4];                 /* their extents; of a grid with one axis of rows see `actions` */
} Layout;

typedef struct Call {
  const gdl_kernel *kernel;
  gdl_call call;
  int64_t sizes[SIZES_MOST];
  void **args;
  size_t workspace;                 /* bytes that call.workspace has                                */
} Call;

/* model.c */
bool rt_module_verify(const gdl_module *m, Trouble *t);      /* that this host can run it                  */
const gdl_kernel *rt_entry(const gdl_module *m, enum gdl_entry entry, int dtype);     /* dtype 0: any; NULL: none */
const gdl_kernel *rt_entry_needed(const gdl_module *m, enum gdl_entry entry, int dtype, Trouble *t);
/* GDL_F32 or GDL_F64: that of training, else of prediction */
int rt_real(const gdl_module *m);
int64_t rt_count_trained(const gdl_module *m);              /* without padding                            */
size_t rt_width(int dtype);
int rt_find_arg(const gdl_kernel *k, const char *name);      /* -1: none                                   */
int rt_find_role(const gdl_kernel *k, enum gdl_role role, int from);      /* the first at or after `from`; -1 */
Layout rt_layout(const gdl_arg *arg);
int64_t rt_arg_count(const gdl_arg *arg, const int64_t *sizes);           /* numbers of all samples         */
double rt_get(const void *at, int dtype, int64_t i);
void rt_put(void *at, int dtype, int64_t i, double x);
const char *rt_place(const char *source);                    /* "fashion.gdl:8": without folders; NULL: "no place" */
const char *rt_generator(const gdl_group *g, int i, char *buffer, size_t n);

bool rt_call_open(Call *c, const gdl_kernel *k, const gdl_host *host, void *state, Trouble *t);
bool rt_call_run(Call *c, Trouble *t);                       /* after sizes and args have been set          */
void rt_call_close(Call *c);
#endif
