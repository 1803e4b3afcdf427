/* host.h: the threads that kernels borrow. One job at a time; slots are dealt one by one to whoever is free,
 * which changes no bit, because a slot owns its rows, its scratch and its partial sums. */
#ifndef GDL_RT_HOST_H
#define GDL_RT_HOST_H
#include "gdl.h"
#include "trouble.h"

enum { THREADS_MOST = 64 };
typedef struct Host Host;

/* host.c */
Host *rt_host_open(int threads, Trouble *t);                 /* 0: as many as there are processors        */
const gdl_host *rt_host_lend(const Host *h);
int rt_host_threads(const Host *h);
void rt_host_close(Host *h);                                 /* NULL is fine                              */
#endif
