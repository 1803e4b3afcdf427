/* rng.h: random numbers as a function of a key and a position. Nothing remembers how many were drawn, so a
 * training can go on anywhere, and a weight keeps its numbers when others come or go. */
#ifndef GDL_RT_RNG_H
#define GDL_RT_RNG_H
#include "trouble.h"

typedef struct Key { uint64_t at[2]; } Key;
enum { DRAW_WEIGHT = 1, DRAW_ORDER, DRAW_SPLIT, DRAW_AUGMENT, DRAW_AUDIT };     /* what keys are for */

/* rng.c */
void rt_threefry(const uint64_t key[2], const uint64_t counter[2], uint64_t out[2]);   /* Threefry-2x64, 20 rounds */
Key rt_key(int what, uint64_t seed, uint64_t number);
uint64_t rt_hash(const char *text);                          /* FNV-1a, 64 bits                           */
uint64_t rt_bits(Key k, uint64_t i);
double rt_uniform(Key k, uint64_t i);                        /* 53 bits, in [0, 1)                        */
double rt_normal(Key k, uint64_t i);                         /* Box-Muller                                */
uint64_t rt_below(Key k, uint64_t i, uint64_t n);            /* in 0 ... n - 1, n > 0                     */
void rt_permutation(Key k, uint32_t *order, uint32_t n);
#endif
