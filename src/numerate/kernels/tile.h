/* The innermost part of a matrix product: a block of rows times a panel of columns, sums in registers. */

#pragma once

#include <string.h>

#include "vectors.h"

#ifdef __AVX512F__
#define ROWS 12 /* rows x two vectors of sums; with what they are made of they fill the registers */
#else
#define ROWS 6
#endif
#define COLUMNS (2 * WIDTH) /* of a panel */

/* c[i, j] (+)= sum over k of a[i row + k step] b[k COLUMNS + j], for i < rows and j < columns. */
static inline __attribute__((always_inline)) void tile(const int rows, const float *a, int64_t row, int64_t step,
                                                       const float *b, int64_t depth, float *c, int64_t width,
                                                       int64_t columns, int add) {
    vec sum[ROWS][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (vec){0};
    for (int64_t k = 0; k < depth; k++, a += step, b += COLUMNS) {
        const vec left = *(const vec *)b, right = *(const vec *)(b + WIDTH);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            const float x = a[i * row];
            sum[i][0] += x * left;
            sum[i][1] += x * right;
        }
    }
    if (columns >= COLUMNS) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            vec *to = (vec *)(c + i * width), *then = (vec *)(c + i * width + WIDTH);
            if (add) sum[i][0] += *to, sum[i][1] += *then;
            *to = sum[i][0];
            *then = sum[i][1];
        }
        return;
    }
    for (int i = 0; i < rows; i++) {
        const float *from = (const float *)sum[i];
        float *to = c + i * width;
        for (int64_t j = 0; j < columns; j++) to[j] = add ? to[j] + from[j] : from[j];
    }
}

/* The same for 1 to ROWS rows, each number of them compiled by itself. */
static inline void tile_of(int64_t rows, const float *a, int64_t row, int64_t step, const float *b, int64_t depth,
                           float *c, int64_t width, int64_t columns, int add) {
#define OF(n) case n: tile(n, a, row, step, b, depth, c, width, columns, add); break;
    switch (rows) {
        OF(1) OF(2) OF(3) OF(4) OF(5) OF(6)
#if ROWS == 12
        OF(7) OF(8) OF(9) OF(10) OF(11) OF(12)
#endif
    }
#undef OF
}

/* b[k step + j column] into panels of COLUMNS columns, the last filled up with zeros. */
static inline void lay_panels(const float *b, int64_t step, int64_t column, int64_t depth, int64_t columns,
                              float *to) {
    for (int64_t j = 0; j < columns; j += COLUMNS, to += depth * COLUMNS) {
        const int64_t n = columns - j < COLUMNS ? columns - j : COLUMNS;
        const float *from = b + j * column;
        if (n < COLUMNS) memset(to, 0, (size_t)(depth * COLUMNS) * sizeof(float));
        if (column == 1) {
            for (int64_t k = 0; k < depth; k++) {
                if (n == COLUMNS) memcpy(to + k * COLUMNS, from + k * step, COLUMNS * sizeof(float));
                else memcpy(to + k * COLUMNS, from + k * step, (size_t)n * sizeof(float));
            }
            continue;
        }
        for (int64_t first = 0; first < depth; first += 16) { /* a few lines of memory at a time */
            const int64_t last = first + 16 < depth ? first + 16 : depth;
            for (int64_t i = 0; i < n; i++)
                for (int64_t k = first; k < last; k++) to[k * COLUMNS + i] = from[i * column + k * step];
        }
    }
}
