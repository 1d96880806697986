/* Causal attention over rows that lie packed in a line, forward and backward. A block of the line sees itself
 * causally and, where it has one, all of a prompt before it. Numbers are laid out head after head within a token. */

#include <stdlib.h>

#include "attention.h"
#include "tile.h"

#define BLOCK (4 * ROWS) /* queries whose scores are held at once */
#define NEVER -1e30f     /* score of a masked token */

/* Keys and values of neighbouring tokens, laid out for products with rows on their left. */
typedef struct {
    int64_t first, tokens, columns; /* columns: tokens, filled up to whole panels */
    float *k, *v, *k_turned, *v_turned;
} Side;

static int64_t up(int64_t n, int64_t by) { return (n + by - 1) / by * by; }

static void lay(const Attention *a, int64_t g, int64_t first, int64_t tokens, int back, Side *s) {
    const int64_t D = a->size, step = a->kv_heads * D, at = first * step + g * D;
    s->first = first, s->tokens = tokens, s->columns = up(tokens, COLUMNS);
    lay_panels(a->k + at, 1, step, D, tokens, s->k_turned);
    lay_panels(a->v + at, step, 1, tokens, D, s->v);
    if (!back) return;
    lay_panels(a->v + at, 1, step, D, tokens, s->v_turned);
    lay_panels(a->k + at, step, 1, tokens, D, s->k);
}

/* to[r, t] = x[r] . side[t] for the first `columns` of the side; x is [rows, size], a token apart. */
static void against(const float *x, int64_t apart, const float *panels, int64_t size, int64_t rows, int64_t columns,
                    float *to, int64_t width) {
    for (int64_t j = 0; j < columns; j += COLUMNS)
        for (int64_t r = 0; r < rows; r += ROWS)
            tile_of(rows - r < ROWS ? rows - r : ROWS, x + r * apart, apart, 1, panels + j * size, size,
                    to + r * width + j, width, COLUMNS, 0);
}

/* to[r] += sum over t of share[r, t] side[t], t < tokens. */
static void gather(const float *share, int64_t width, const float *panels, int64_t tokens, int64_t laid, int64_t size,
                   int64_t rows, float *to, int64_t apart, int add) {
    for (int64_t j = 0; j < size; j += COLUMNS)
        for (int64_t r = 0; r < rows; r += ROWS)
            tile_of(rows - r < ROWS ? rows - r : ROWS, share + r * width, width, 1, panels + j * laid, tokens,
                    to + r * apart + j, apart, size - j, add);
}

/* to[t] += sum over r of share[r, t] x[r]: gradients of keys or values. */
static void scatter(const float *share, int64_t width, const float *panels, int64_t rows, int64_t size,
                    int64_t tokens, float *to, int64_t apart) {
    for (int64_t j = 0; j < size; j += COLUMNS)
        for (int64_t t = 0; t < tokens; t += ROWS)
            tile_of(tokens - t < ROWS ? tokens - t : ROWS, share + t, 1, width, panels + j * rows, rows,
                    to + t * apart + j, apart, size - j, 1);
}

/* Masks scores of a row: columns that fill the prompt's panels up, and tokens after it. */
static inline void hide(float *score, const Side *prompt, int64_t upto, int64_t width) {
    for (int64_t t = prompt->tokens; t < prompt->columns; t++) score[t] = NEVER;
    for (int64_t t = prompt->columns + upto; t < width; t++) score[t] = NEVER;
}

static inline float largest(const float *x, int64_t n) { /* n: whole panels */
    float most[WIDTH];
    for (int i = 0; i < WIDTH; i++) most[i] = NEVER;
    for (int64_t t = 0; t < n; t += WIDTH)
        for (int i = 0; i < WIDTH; i++) most[i] = x[t + i] > most[i] ? x[t + i] : most[i];
    float top = most[0];
    for (int i = 1; i < WIDTH; i++) top = most[i] > top ? most[i] : top;
    return top;
}

static void forward(const Attention *a, int64_t h, const Side *prompt, const Side *own, float *score) {
    const int64_t D = a->size, apart = a->heads * D;
    for (int64_t r = 0; r < own->tokens; r += BLOCK) {
        const int64_t rows = own->tokens - r < BLOCK ? own->tokens - r : BLOCK, P = prompt->columns;
        const int64_t ahead = up(r + rows, COLUMNS), width = P + ahead;
        const int64_t at = (own->first + r) * apart + h * D;
        against(a->q + at, apart, prompt->k_turned, D, rows, P, score, width);
        against(a->q + at, apart, own->k_turned, D, rows, ahead, score + P, width);
        for (int64_t i = 0; i < rows; i++) {
            float *s = score + i * width, total = 0;
            hide(s, prompt, r + i + 1, width);
            const float top = largest(s, width) * a->scale;
            for (int64_t t = 0; t < width; t++) {
                s[t] = exp_of(s[t] * a->scale - top);
                total += s[t];
            }
            const float share = 1.0f / total;
            for (int64_t t = 0; t < width; t++) s[t] *= share;
            a->top[(own->first + r + i) * a->heads + h] = top + logf(total);
        }
        gather(score + P, width, own->v, r + rows, own->tokens, D, rows, a->seen + at, apart, 0);
        if (P) gather(score, width, prompt->v, prompt->tokens, prompt->tokens, D, rows, a->seen + at, apart, 1);
    }
}

/* With P the shares and G the gradient of what is seen: dV = P^T G, S = P (G V^T - sum(G seen)), dQ = S K and
 * dK = S^T Q, both times the scale (Dao et al. 2022, arXiv 2205.14135, algorithm 4). */
static void backward(const Attention *a, int64_t h, int64_t g, const Side *prompt, const Side *own, float *share,
                     float *slope, float *laid) {
    const int64_t D = a->size, apart = a->heads * D, apart_k = a->kv_heads * D, wide = up(D, COLUMNS);
    const int64_t to_own = own->first * apart_k + g * D, to_prompt = prompt->first * apart_k + g * D;
    float *laid_q = laid, *laid_g = laid + BLOCK * wide;
    for (int64_t r = 0; r < own->tokens; r += BLOCK) {
        const int64_t rows = own->tokens - r < BLOCK ? own->tokens - r : BLOCK, P = prompt->columns;
        const int64_t ahead = up(r + rows, COLUMNS), width = P + ahead, mine = r + rows;
        const int64_t at = (own->first + r) * apart + h * D;
        against(a->q + at, apart, prompt->k_turned, D, rows, P, share, width);
        against(a->q + at, apart, own->k_turned, D, rows, ahead, share + P, width);
        against(a->slope + at, apart, prompt->v_turned, D, rows, P, slope, width);
        against(a->slope + at, apart, own->v_turned, D, rows, ahead, slope + P, width);
        for (int64_t i = 0; i < rows; i++) {
            float *p = share + i * width, *s = slope + i * width, even = 0;
            const float *out = a->seen + at + i * apart, *grad = a->slope + at + i * apart;
            const float top = a->top[(own->first + r + i) * a->heads + h], scale = a->scale;
            hide(p, prompt, r + i + 1, width);
            for (int64_t d = 0; d < D; d++) even += out[d] * grad[d];
            for (int64_t t = 0; t < width; t++) {
                p[t] = exp_of(p[t] * scale - top);
                s[t] = p[t] * (s[t] - even) * scale;
            }
        }
        gather(slope + P, width, own->k, mine, own->tokens, D, rows, a->dq + at, apart, 0);
        if (P) gather(slope, width, prompt->k, prompt->tokens, prompt->tokens, D, rows, a->dq + at, apart, 1);
        lay_panels(a->q + at, apart, 1, rows, D, laid_q);
        lay_panels(a->slope + at, apart, 1, rows, D, laid_g);
        scatter(slope + P, width, laid_q, rows, D, mine, a->dk + to_own, apart_k);
        scatter(share + P, width, laid_g, rows, D, mine, a->dv + to_own, apart_k);
        scatter(slope, width, laid_q, rows, D, prompt->tokens, a->dk + to_prompt, apart_k);
        scatter(share, width, laid_g, rows, D, prompt->tokens, a->dv + to_prompt, apart_k);
    }
}

/* Key-value heads [first, last) of all blocks, one way or the other. Returns 1 where there is no memory. */
int packed(const Attention *a, int back, int64_t first, int64_t last) {
    const int64_t D = a->size, wide = up(D, COLUMNS), group = a->heads / a->kv_heads;
    int64_t most = 0, most_prompt = 0;
    for (int64_t b = 0; b < a->blocks; b++) {
        if (a->block[4 * b + 1] > most) most = a->block[4 * b + 1];
        if (a->block[4 * b + 3] > most_prompt) most_prompt = a->block[4 * b + 3];
    }
    const int64_t n = up(most, COLUMNS), m = up(most_prompt, COLUMNS);
    float *room = aligned_alloc(64, (size_t)(wide * 4 * (n + m) + 2 * BLOCK * (n + m + wide)) * sizeof(float));
    if (!room) return 1;
    Side own = {.k = room, .v = room + n * wide, .k_turned = room + 2 * n * wide, .v_turned = room + 3 * n * wide};
    float *at = room + 4 * n * wide;
    Side prompt = {.k = at, .v = at + m * wide, .k_turned = at + 2 * m * wide, .v_turned = at + 3 * m * wide};
    float *share = at + 4 * m * wide, *slope = share + BLOCK * (n + m), *laid = slope + BLOCK * (n + m);
    for (int64_t g = first; g < last; g++) {
        prompt.tokens = prompt.columns = prompt.first = 0;
        for (int64_t b = 0; b < a->blocks; b++) {
            const int64_t *span = a->block + 4 * b; /* first token, tokens, of the prompt the same */
            if (!span[3]) prompt.tokens = prompt.columns = prompt.first = 0;
            else if (prompt.first != span[2] || prompt.tokens != span[3]) lay(a, g, span[2], span[3], back, &prompt);
            lay(a, g, span[0], span[1], back, &own);
            for (int64_t h = g * group; h < (g + 1) * group; h++)
                if (back) backward(a, h, g, &prompt, &own, share, slope, laid);
                else forward(a, h, &prompt, &own, share);
        }
    }
    free(room);
    return 0;
}
