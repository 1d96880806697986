/* One token for every row of a batch, between the matrix products: norms, rotary embedding, attention over a
 * shared prompt and the row's own tokens, the gated MLP's product, and the draw of the token.
 *
 * Rows are independent: a call does rows [first, last), so that several threads can share a batch.
 * Vectors are written out where the compiler would not find them; simple loops are left to it. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "decode.h"
#include "team.h"
#include "vectors.h"

#define CDF_BLOCK 64 /* tokens per block of the cumulative distribution, as in numerate.rollouts.draw */

/* The largest of n numbers, in lanes: a running maximum in one variable is left scalar by the compiler. */
static inline float largest(const float *x, int64_t n) {
    float lane[2 * WIDTH];
    for (int i = 0; i < 2 * WIDTH; i++) lane[i] = x[0];
    int64_t t = 0;
    for (; t + 2 * WIDTH <= n; t += 2 * WIDTH)
        for (int i = 0; i < 2 * WIDTH; i++) lane[i] = x[t + i] > lane[i] ? x[t + i] : lane[i];
    float top = x[0];
    for (; t < n; t++) top = x[t] > top ? x[t] : top;
    for (int i = 0; i < 2 * WIDTH; i++) top = lane[i] > top ? lane[i] : top;
    return top;
}

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

#define INLINE static inline __attribute__((always_inline))

static inline void turn(float *x, const float *by, int64_t size) {
    for (int64_t i = 0; i < size; i += 2) {
        const float re = x[i], im = x[i + 1], c = by[i], s = by[i + 1];
        x[i] = re * c - im * s;
        x[i + 1] = re * s + im * c;
    }
}

/* Turns a row's queries, which are scaled too, and keys to their position. */
void turn_heads(const Cache *c, float *qk, int64_t position) {
    const int64_t D = c->size;
    const float *by = c->turns + position * D, scale = 1.0f / sqrtf((float)D);
    for (int64_t h = 0; h < c->heads + c->kv_heads; h++) turn(qk + h * D, by, D);
    for (int64_t i = 0; i < c->heads * D; i++) qk[i] *= scale;
}

/* score[h, t] = q[h] . k[:, t] for t < n, for G heads that share a key; k is [size, columns] and columns whole
 * blocks, which may be read to their end. */
INLINE void scores(const int G, const float *q, const float *k, float *score, int64_t stride, int64_t size,
                   int64_t columns, int64_t n) {
    for (int64_t t = 0; t < n; t += 2 * WIDTH) {
        vec a[G], b[G];
        for (int h = 0; h < G; h++) a[h] = b[h] = (vec){0};
        const float *at = k + t;
        for (int64_t d = 0; d < size; d++, at += columns) {
            const vec left = *(const vec *)at, right = *(const vec *)(at + WIDTH);
            for (int h = 0; h < G; h++) {
                a[h] += q[h * size + d] * left;
                b[h] += q[h * size + d] * right;
            }
        }
        for (int h = 0; h < G; h++) {
            *(vec *)(score + h * stride + t) = a[h];
            *(vec *)(score + h * stride + t + WIDTH) = b[h];
        }
    }
}

/* seen[h, d] += sum over t of share[h, t] v[t, d], for G heads that share a value. */
INLINE void add_values(const int G, const float *share, const float *v, float *seen, int64_t stride, int64_t size,
                       int64_t n) {
    int64_t d = 0;
    for (; d + 2 * WIDTH <= size; d += 2 * WIDTH) {
        vec a[G], b[G];
        for (int h = 0; h < G; h++) {
            a[h] = *(const vec *)(seen + h * size + d);
            b[h] = *(const vec *)(seen + h * size + d + WIDTH);
        }
        const float *at = v + d;
        for (int64_t t = 0; t < n; t++, at += size) {
            const vec left = *(const vec *)at, right = *(const vec *)(at + WIDTH);
            for (int h = 0; h < G; h++) {
                a[h] += share[h * stride + t] * left;
                b[h] += share[h * stride + t] * right;
            }
        }
        for (int h = 0; h < G; h++) {
            *(vec *)(seen + h * size + d) = a[h];
            *(vec *)(seen + h * size + d + WIDTH) = b[h];
        }
    }
    for (; d < size; d++)
        for (int64_t t = 0; t < n; t++)
            for (int h = 0; h < G; h++) seen[h * size + d] += share[h * stride + t] * v[t * size + d];
}

static inline void softmax(float *score, int64_t n) {
    const float top = largest(score, n);
    float total = 0;
    for (int64_t t = 0; t < n; t++) {
        score[t] = exp_of(score[t] - top);
        total += score[t];
    }
    const float by = 1.0f / total;
    for (int64_t t = 0; t < n; t++) score[t] *= by;
}

/* seen = attention of G queries of row b to key head g, over the prompt and the row's own tokens. */
INLINE void see(const int G, const Cache *c, int64_t b, int64_t g, const float *q, float *seen, float *score,
                int64_t stride) {
    const int64_t D = c->size, p = c->prompt_tokens[b], w = c->written[b] + 1, n = p + w;
    const int64_t P = (p + BLOCK - 1) / BLOCK * BLOCK;
    const float *prompt = c->prompt[b] + (c->layer * c->kv_heads + g) * 2 * D * P;
    const int64_t offset = (c->layer * c->kv_heads + g) * 2 * D * BLOCK;
    float *const *blocks = c->blocks + b * c->most;
    /* The scores of a block may reach over the prompt's end: the row's own overwrite them. */
    scores(G, q, prompt, score, stride, D, P, p);
    for (int64_t t = 0; t < w; t += BLOCK) {
        const int64_t part = w - t < BLOCK ? w - t : BLOCK;
        scores(G, q, blocks[t / BLOCK] + offset, score + p + t, stride, D, BLOCK, part);
    }
    for (int h = 0; h < G; h++) softmax(score + h * stride, n);
    memset(seen, 0, (size_t)(G * D) * sizeof(float));
    add_values(G, score, prompt + D * P, seen, stride, D, p);
    for (int64_t t = 0; t < w; t += BLOCK) {
        const int64_t part = w - t < BLOCK ? w - t : BLOCK;
        add_values(G, score + p + t, blocks[t / BLOCK] + offset + D * BLOCK, seen, stride, D, part);
    }
}

/* qkv [rows, (H + 2 K) D] as it comes from its matrix, turned in place; seen [rows, H D]; score: room for
 * [4, stride] numbers, stride at least the most keys of a row and two blocks. */
void attend(const Cache *c, float *qkv, float *seen, float *score, int64_t stride, int64_t first, int64_t last) {
    const int64_t D = c->size, K = c->kv_heads, H = c->heads;
    const int64_t group = H / K, width = (H + 2 * K) * D;
    for (int64_t b = first; b < last; b++) {
        float *q = qkv + b * width, *k = q + H * D, *v = k + K * D;
        const int64_t w = c->written[b];
        turn_heads(c, q, c->prompt_tokens[b] + w);
        float *block = c->blocks[b * c->most + w / BLOCK] + c->layer * K * 2 * D * BLOCK;
        for (int64_t g = 0; g < K; g++, block += 2 * D * BLOCK) {
            const int64_t column = w % BLOCK;
            for (int64_t d = 0; d < D; d++) block[d * BLOCK + column] = k[g * D + d];
            memcpy(block + D * BLOCK + column * D, v + g * D, (size_t)D * sizeof(float));
            int64_t h = g * group;
            const int64_t end = h + group;
            float *to = seen + b * H * D;
            for (; h + 4 <= end; h += 4) see(4, c, b, g, q + h * D, to + h * D, score, stride);
            for (; h + 2 <= end; h += 2) see(2, c, b, g, q + h * D, to + h * D, score, stride);
            for (; h < end; h++) see(1, c, b, g, q + h * D, to + h * D, score, stride);
        }
    }
}

/* The draw of one row's token from its logits [V], by inverting the cumulative distribution at a temperature above
 * 0; weight: room for V + CDF_BLOCK numbers. The logprob is that of temperature 1. */
static void draw_token(const float *l, double uniform, float temperature, int64_t V, int64_t *token, float *logp,
                       float *weight) {
    const float top = largest(l, V);
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
    const double target = uniform * total;
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
    *token = pick;
    *logp = l[pick] - top - logf(plain);
}

typedef struct {
    const float *logits;
    const double *uniform;
    float temperature;
    int64_t V, rows;
    int64_t *token;
    float *logp, *weight;
} Draw;

static void draw_part(Team *team, void *argument, int member) {
    const Draw *d = argument;
    for (int64_t b; (b = take(team, 1)) < d->rows;)
        draw_token(d->logits + b * d->V, d->uniform[b], d->temperature, d->V, d->token + b, d->logp + b,
                   d->weight + member * (d->V + CDF_BLOCK));
}

/* token and logp [rows] from logits [rows, V] at the rows' own uniform numbers; weight: room for V + CDF_BLOCK
 * numbers for each thread. */
void draw(const float *logits, const double *uniform, float temperature, int64_t V, int64_t *token, float *logp,
          float *weight, int64_t rows, int threads) {
    Draw all = {logits, uniform, temperature, V, rows, token, logp, weight};
    run_team(draw_part, &all, worth(rows * V * 8, threads)); /* an exponential is some eight of them */
}
