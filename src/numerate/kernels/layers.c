/* What lies between the matrix products of a layer, forward and backward, in one pass over memory each: RMS norm,
 * rotary embedding and the gated MLP's product. Rows are independent; a call does rows [first, last). */

#include "vectors.h"

/* y = w x / rms(x); scale: 1 / rms per row, for the way back. */
void norm(const float *x, const float *w, float *y, float *scale, int64_t n, float eps, int64_t first, int64_t last) {
    for (int64_t b = first; b < last; b++) {
        const float *from = x + b * n;
        float *to = y + b * n;
        float sum = 0;
        for (int64_t i = 0; i < n; i++) sum += from[i] * from[i];
        const float r = 1.0f / sqrtf(sum / (float)n + eps);
        for (int64_t i = 0; i < n; i++) to[i] = w[i] * (from[i] * r);
        scale[b] = r;
    }
}

/* With u = x / rms(x) and v = w dy: dx = (v - u mean(u v)) / rms, dw += u dy. */
void norm_back(const float *x, const float *w, const float *scale, const float *dy, float *dx, float *dw, int64_t n,
               int64_t first, int64_t last) {
    for (int64_t b = first; b < last; b++) {
        const float *from = x + b * n, *slope = dy + b * n;
        float *to = dx + b * n;
        const float r = scale[b];
        float sum = 0;
        for (int64_t i = 0; i < n; i++) sum += from[i] * slope[i] * w[i];
        const float mean = sum * r * r / (float)n;
        for (int64_t i = 0; i < n; i++) {
            to[i] = r * (slope[i] * w[i] - from[i] * mean);
            dw[i] += slope[i] * (from[i] * r);
        }
    }
}

/* y = silu(gate) up */
void gate(const float *gates, const float *up, float *y, int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++) y[i] = gates[i] / (1.0f + exp_of(-gates[i])) * up[i];
}

void gate_back(const float *gates, const float *up, const float *dy, float *dgate, float *dup, int64_t first,
               int64_t last) {
    for (int64_t i = first; i < last; i++) {
        const float share = 1.0f / (1.0f + exp_of(-gates[i])), silu = gates[i] * share;
        dup[i] = dy[i] * silu;
        dgate[i] = dy[i] * up[i] * (share + silu * (1.0f - share));
    }
}

/* Each head's halves as the parts of complex numbers, turned by the row's angles; sign -1 turns them back. x and
 * y [rows, heads, size], cosine and sine [rows, size], whose halves are equal. */
void turn_halves(const float *x, const float *cosine, const float *sine, float *y, int64_t heads, int64_t size,
                 float sign, int64_t first, int64_t last) {
    const int64_t half = size / 2;
    for (int64_t b = first; b < last; b++) {
        const float *c = cosine + b * size, *s = sine + b * size;
        for (int64_t h = 0; h < heads; h++) {
            const float *from = x + (b * heads + h) * size;
            float *to = y + (b * heads + h) * size;
            for (int64_t i = 0; i < half; i++) {
                const float re = from[i], im = from[half + i], by = sign * s[i];
                to[i] = re * c[i] - im * by;
                to[half + i] = im * c[i] + re * by;
            }
        }
    }
}
