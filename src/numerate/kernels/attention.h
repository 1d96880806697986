/* Causal attention over rows that lie packed in a line. */

#pragma once

#include <stdint.h>

typedef struct {
    int64_t heads, kv_heads, size; /* of a head: D */
    float scale;
    int64_t blocks;
    const int64_t *block;      /* [blocks, 4]: first token, tokens, the prompt's first token, its tokens */
    const float *q, *k, *v;    /* [tokens, heads or kv_heads, size] */
    float *seen;               /* [tokens, heads, size] */
    float *top;                /* [tokens, heads]: log of the sum of exp of the scores */
    const float *slope;        /* gradient of seen; dq, dk, dv: zero at first */
    float *dq, *dk, *dv;
} Attention;

int packed(const Attention *a, int back, int64_t first, int64_t last);
