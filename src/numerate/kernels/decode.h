/* Operations of the rows of a batch between the matrix products of a layer. */

#pragma once

#include <stdint.h>

#define BLOCK 16 /* tokens in a block of keys and values; numerate.models.inference.paged_kv_cache has the same number */

typedef struct {
    int64_t heads, kv_heads, size; /* of a head: D */
    int64_t layer;
    const float *turns;           /* [positions, D / 2, 2]: cosine and sine */
    const float *const *prompt;   /* of each row: [layers, K, keys [D, P] then values [P, D]] */
    const int64_t *prompt_tokens; /* of each row's prompt; P is that, rounded up to whole blocks */
    float *const *blocks;         /* [rows, most]: each [layers, K, keys [D, BLOCK] then values [BLOCK, D]] */
    int64_t most;
    const int64_t *written; /* tokens of the row in its blocks; the new one goes behind them */
} Cache;

void normed(const float *x, float *y, int64_t n, float eps, int64_t first, int64_t last);
void gated(const float *x, float *y, int64_t n, int64_t first, int64_t last);
void turn_heads(const Cache *c, float *qk, int64_t position);
void attend(const Cache *c, float *qkv, float *seen, float *score, int64_t stride, int64_t first, int64_t last);
