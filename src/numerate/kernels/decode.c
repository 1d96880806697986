/* One token for every row of a batch, between the matrix products: norms, rotary embedding, attention over a
 * shared prompt and what the row has written, the gated MLP's product, and the draw of the token.
 *
 * Rows are independent: a call does rows [first, last), so that several threads can share a batch.
 * Vectors are written out where the compiler would not find them; simple loops are left to it. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "vectors.h"

#define CDF_BLOCK 64 /* tokens per block of the cumulative distribution, as in numerate.rollouts.draw */

/* y = x / rms(x), rows of n numbers. */
void normed(const float *x, float *y, int64_t n, float eps, int64_t first, int64_t last) {
    for (int64_t b = first; b < last; b++) {
        const float *from = x + b * n;
        float *to = y + b * n;
        float sum = 0;
        for (int64_t i = 0; i < n; i++) sum += from[i] * from[i];
        const float scale = 1.0f / sqrtf(sum / (float)n + eps);
        for (int64_t i = 0; i < n; i++) to[i] = from[i] * scale;
    }
}

/* y = silu(gate) * up; a row of x is n gates and then n ups. */
void gated(const float *x, float *y, int64_t n, int64_t first, int64_t last) {
    for (int64_t b = first; b < last; b++) {
        const float *gate = x + b * 2 * n, *up = gate + n;
        float *to = y + b * n;
        for (int64_t i = 0; i < n; i++) to[i] = gate[i] / (1.0f + exp_of(-gate[i])) * up[i];
    }
}

typedef struct {
    int64_t heads, kv_heads, size; /* of a head: D */
    const float *turns;            /* [positions, D / 2, 2]: cosine and sine */
    const float *prompt_k;         /* [questions, K, D, P] */
    const float *prompt_v;         /* [questions, K, P, D] */
    int64_t prompt_columns;        /* P */
    float *suffix_k;               /* [rows, K, D, T] */
    float *suffix_v;               /* [rows, K, T, D] */
    int64_t suffix_columns;        /* T */
    const int64_t *place;          /* of each row's prompt */
    const int64_t *prompt;         /* its length */
    const int64_t *written;        /* tokens of the row in the cache; the new one goes behind them */
} Cache;

static inline void turn(float *x, const float *by, int64_t size) {
    for (int64_t i = 0; i < size; i += 2) {
        const float re = x[i], im = x[i + 1], c = by[i], s = by[i + 1];
        x[i] = re * c - im * s;
        x[i + 1] = re * s + im * c;
    }
}

/* score[t] = q . k[:, t] for t < n; k is [size, columns]. Reads whole blocks where the columns allow it. */
static inline void scores(const float *q, const float *k, float *score, int64_t size, int64_t columns, int64_t n) {
    int64_t t = 0;
    for (; t + 2 * WIDTH <= columns && t < n; t += 2 * WIDTH) {
        vec a = {0}, b = {0};
        const float *at = k + t;
        for (int64_t d = 0; d < size; d++, at += columns) {
            a += q[d] * *(const vec *)at;
            b += q[d] * *(const vec *)(at + WIDTH);
        }
        *(vec *)(score + t) = a;
        *(vec *)(score + t + WIDTH) = b;
    }
    for (; t < n; t++) {
        float sum = 0;
        for (int64_t d = 0; d < size; d++) sum += q[d] * k[d * columns + t];
        score[t] = sum;
    }
}

/* seen[d] += sum over t of share[t] v[t, d]. Four sums at a time, so that no addition waits for the last. */
static inline void add_values(const float *share, const float *v, float *seen, int64_t size, int64_t n) {
    int64_t d = 0;
    for (; d + 2 * WIDTH <= size; d += 2 * WIDTH) {
        vec a = {0}, b = {0}, e = {0}, f = {0};
        int64_t t = 0;
        for (; t + 2 <= n; t += 2) {
            const float *at = v + t * size + d;
            a += share[t] * *(const vec *)at;
            b += share[t] * *(const vec *)(at + WIDTH);
            e += share[t + 1] * *(const vec *)(at + size);
            f += share[t + 1] * *(const vec *)(at + size + WIDTH);
        }
        if (t < n) {
            const float *at = v + t * size + d;
            a += share[t] * *(const vec *)at;
            b += share[t] * *(const vec *)(at + WIDTH);
        }
        *(vec *)(seen + d) += a + e;
        *(vec *)(seen + d + WIDTH) += b + f;
    }
    for (; d < size; d++)
        for (int64_t t = 0; t < n; t++) seen[d] += share[t] * v[t * size + d];
}

/* qkv [rows, (H + 2 K) D] as it comes from its matrix, turned in place; seen [rows, H D]; score: room for
 * P + T + 4 WIDTH numbers. */
void attend(const Cache *c, float *qkv, float *seen, float *score, int64_t first, int64_t last) {
    const int64_t D = c->size, K = c->kv_heads, H = c->heads, P = c->prompt_columns, T = c->suffix_columns;
    const int64_t group = H / K, width = (H + 2 * K) * D;
    const float scale = 1.0f / sqrtf((float)D);
    for (int64_t b = first; b < last; b++) {
        float *q = qkv + b * width, *k = q + H * D, *v = k + K * D;
        const int64_t p = c->prompt[b], w = c->written[b], n = p + w + 1;
        const float *by = c->turns + (p + w) * D;
        for (int64_t h = 0; h < H + K; h++) turn(q + h * D, by, D);
        for (int64_t i = 0; i < H * D; i++) q[i] *= scale;
        for (int64_t g = 0; g < K; g++) {
            const float *pk = c->prompt_k + (c->place[b] * K + g) * D * P;
            const float *pv = c->prompt_v + (c->place[b] * K + g) * P * D;
            float *sk = c->suffix_k + (b * K + g) * D * T, *sv = c->suffix_v + (b * K + g) * T * D;
            for (int64_t d = 0; d < D; d++) sk[d * T + w] = k[g * D + d];
            memcpy(sv + w * D, v + g * D, (size_t)D * sizeof(float));
            for (int64_t h = g * group; h < (g + 1) * group; h++) {
                float *to = seen + (b * H + h) * D;
                /* A block of scores may reach over the prompt's end: the rows' own scores overwrite it. */
                scores(q + h * D, pk, score, D, P, p);
                scores(q + h * D, sk, score + p, D, T, w + 1);
                float top = score[0], total = 0;
                for (int64_t t = 1; t < n; t++) top = score[t] > top ? score[t] : top;
                for (int64_t t = 0; t < n; t++) {
                    score[t] = exp_of(score[t] - top);
                    total += score[t];
                }
                memset(to, 0, (size_t)D * sizeof(float));
                add_values(score, pv, to, D, p);
                add_values(score + p, sv, to, D, w + 1);
                for (int64_t d = 0; d < D; d++) to[d] /= total;
            }
        }
    }
}

/* token and logp [rows] from logits [rows, V] at the rows' own uniform numbers, by inverting the cumulative
 * distribution at a temperature above 0; weight: room for V + CDF_BLOCK numbers. The logprob is that of
 * temperature 1. */
void draw(const float *logits, const double *uniform, float temperature, int64_t V, int64_t *token, float *logp,
          float *weight, int64_t first, int64_t last) {
    for (int64_t b = first; b < last; b++) {
        const float *l = logits + b * V;
        float top = l[0];
        for (int64_t i = 1; i < V; i++) top = l[i] > top ? l[i] : top;
        float plain = 0;
        for (int64_t i = 0; i < V; i++) {
            weight[i] = exp_of(l[i] - top);
            plain += weight[i];
        }
        if (temperature != 1.0f)
            for (int64_t i = 0; i < V; i++) weight[i] = exp_of((l[i] - top) / temperature);
        const int64_t blocks = (V + CDF_BLOCK - 1) / CDF_BLOCK;
        memset(weight + V, 0, CDF_BLOCK * sizeof(float));
        double total = 0;
        for (int64_t n = 0; n < blocks; n++) {
            float sum = 0;
            for (int i = 0; i < CDF_BLOCK; i++) sum += weight[n * CDF_BLOCK + i];
            total += sum;
        }
        const double target = uniform[b] * total;
        double before = 0;
        int64_t pick = -1, last_possible = 0;
        for (int64_t n = 0; n < blocks && pick < 0; n++) {
            float sum = 0;
            for (int i = 0; i < CDF_BLOCK; i++) sum += weight[n * CDF_BLOCK + i];
            if (before + sum > target || n == blocks - 1) {
                double upto = before;
                for (int64_t i = n * CDF_BLOCK; i < V && i < (n + 1) * CDF_BLOCK && pick < 0; i++) {
                    upto += weight[i];
                    if (weight[i] > 0) last_possible = i;
                    if (upto > target) pick = i;
                }
                if (pick < 0 && before + sum > target) pick = last_possible; /* rounding inside the block */
            }
            before += sum;
        }
        pick = pick < 0 ? last_possible : pick;
        token[b] = pick;
        logp[b] = l[pick] - top - logf(plain);
    }
}
