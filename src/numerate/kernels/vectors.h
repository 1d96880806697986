/* Vectors as wide as the processor has them, and exp for them. */

#pragma once

#include <math.h>
#include <stdint.h>

#ifdef __AVX512F__
#define WIDTH 16 /* numbers in a vector register */
#else
#define WIDTH 8
#endif
typedef float vec __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));

/* exp to about 1e-7, by 2^n and a polynomial; the vectorizer takes it, which it does not take libm's. */
static inline float exp_of(float input) {
    const float x = input < -87.0f ? -87.0f : (input > 88.0f ? 88.0f : input);
    const float scaled = x * 1.44269504088896341f;
    const float whole = floorf(scaled + 0.5f);
    const float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    y = y * r * r + r + 1.0f;
    union { int32_t i; float f; } power = {(int32_t)((uint32_t)((int32_t)whole + 127) << 23)};
    return input < -87.0f ? 0.0f : y * power.f; /* a token without probability must never be drawn */
}
