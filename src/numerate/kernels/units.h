/* What a packed product multiplies: units of four bytes, each one number of float32, or two neighbours of bfloat16
 * whose products are summed in float32. A vector holds WIDTH units. */

#pragma once

#include <string.h>

#include "vectors.h"

#ifdef __AVX512BF16__
#include <immintrin.h>
#define HAS_BF16 1 /* an instruction that multiplies pairs */
#else
#define HAS_BF16 0
#endif

typedef uint32_t unit __attribute__((may_alias));
typedef uint32_t uvec __attribute__((vector_size(WIDTH * sizeof(uint32_t)), aligned(4), may_alias));

/* The nearest bfloat16, ties to even; NaN stays NaN. */
static inline uint16_t to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)((bits >> 16) | 64);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}

/* n numbers as units: themselves, or pairs, the last filled up with zero. */
static inline void to_units(const float *from, int64_t n, int pairs, unit *to) {
    if (!pairs) {
        memcpy(to, from, (size_t)n * sizeof(float));
        return;
    }
    uint16_t *half = (uint16_t *)to;
    for (int64_t i = 0; i < n; i++) half[i] = to_bf16(from[i]);
    if (n % 2) half[n] = 0;
}

static inline int64_t units_of(int64_t n, int pairs) { return pairs ? (n + 1) / 2 : n; }

/* sum += x v for units of float32. */
static inline vec add_float(vec sum, const unit *x, uvec v) { return sum + *(const float *)x * (vec)v; }

/* sum += x v for pairs of bfloat16. */
static inline vec add_pair(vec sum, const unit *x, uvec v) {
#if HAS_BF16
    return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)*x), (__m512bh)v);
#else
    const uint32_t low = *x << 16, high = *x & 0xffff0000u;
    float a, b;
    memcpy(&a, &low, sizeof a);
    memcpy(&b, &high, sizeof b);
    return sum + a * (vec)(v << 16) + b * (vec)(v & 0xffff0000u);
#endif
}
