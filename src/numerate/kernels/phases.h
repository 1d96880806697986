/* The phases of a forward pass over rows: tokens of a prompt, or the next one of every sample. Phases follow each
 * other; within one, threads take rows or panels in turn. No number depends on how many rows or threads there are. */

#pragma once

#include "decode.h"
#include "packed.h"
#include "team.h"

#define AT_ONCE 4 /* rows that a thread takes; heads that share a score's room */

typedef struct {
    Packed qkv, out, gate_up, down;
    const float *bias; /* [(H + 2 K) D], or none */
    const float *gain; /* [H + K, D] of the norms of queries and keys, or none */
} Layer;

typedef struct {
    int64_t layers, width, inner;
    double eps;
    const void *embed; /* [V, width], float32 or bfloat16 */
    int64_t tokens;    /* V */
    int64_t pairs;     /* whether it is bfloat16 */
    const Layer *layer;
    Packed head;
} Model;

typedef struct {
    const Model *model;
    const Cache *cache;
    const int64_t *token;
    int64_t rows, keys; /* keys: the most that a row attends to */
    float *x, *wide, *seen, *own; /* own: room of each member */
    unit *left;
    float *logits;
} Step;

static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static inline int64_t qkv_width(const Cache *c) { return (c->heads + 2 * c->kv_heads) * c->size; }

static inline int64_t stride_of(int64_t keys) { return (keys + 2 * BLOCK + 15) / 16 * 16; }

static inline int64_t own_room(const Model *m, int64_t keys) {
    return (larger(larger(m->width, m->inner), AT_ONCE * stride_of(keys)) + 15) / 16 * 16;
}

static inline int64_t left_apart(const Model *m, const Cache *c) {
    const int64_t most = larger(larger(m->width, m->inner), c->heads * c->size);
    return distance(units_of(most, (int)m->head.pairs));
}

static inline int64_t wide_width(const Model *m, const Cache *c) { return larger(qkv_width(c), 2 * m->inner); }

static inline int64_t padded(int64_t numbers) { return (numbers + 15) / 16 * 16; }

static inline int64_t room_of(const Model *m, const Cache *c, int64_t rows, int64_t keys, int members) {
    return padded(rows * m->width) + padded(rows * wide_width(m, c)) + padded(rows * c->heads * c->size) +
           padded(rows * left_apart(m, c)) + members * own_room(m, keys);
}

static inline void use_room(Step *s, float *room) {
    const Model *m = s->model;
    const Cache *c = s->cache;
    s->x = room;
    s->wide = s->x + padded(s->rows * m->width);
    s->seen = s->wide + padded(s->rows * wide_width(m, c));
    s->left = (unit *)(s->seen + padded(s->rows * c->heads * c->size));
    s->own = (float *)s->left + padded(s->rows * left_apart(m, c));
}

static inline void embed(const Model *m, int64_t token, float *x) {
    if (!m->pairs) {
        memcpy(x, (const float *)m->embed + token * m->width, (size_t)m->width * sizeof(float));
        return;
    }
    const uint16_t *from = (const uint16_t *)m->embed + token * m->width;
    for (int64_t i = 0; i < m->width; i++) {
        const uint32_t bits = (uint32_t)from[i] << 16;
        memcpy(x + i, &bits, sizeof bits);
    }
}

/* left = x / rms(x) as units, rows [first, last). */
static inline void norm_rows(const Step *s, const Packed *b, float *own, int64_t first, int64_t last) {
    const Model *m = s->model;
    const int64_t apart = distance(b->depth);
    for (int64_t i = first; i < last; i++) {
        normed(s->x + i * m->width, own, m->width, (float)m->eps, 0, 1);
        to_units(own, m->width, (int)b->pairs, s->left + i * apart);
    }
}

static inline void norm_heads(float *qk, const float *gain, int64_t heads, int64_t size, float eps) {
    for (int64_t h = 0; h < heads; h++, qk += size, gain += size) {
        normed(qk, qk, size, eps, 0, 1);
        for (int64_t i = 0; i < size; i++) qk[i] *= gain[i];
    }
}

/* The biases and the norms of queries and keys of the rows [first, last). */
static inline void finish_heads(const Step *s, const Layer *l, int64_t first, int64_t last) {
    const Cache *c = s->cache;
    const int64_t width = qkv_width(c);
    for (int64_t b = first; b < last; b++) {
        float *qkv = s->wide + b * width;
        if (l->bias)
            for (int64_t i = 0; i < width; i++) qkv[i] += l->bias[i];
        if (l->gain) norm_heads(qkv, l->gain, c->heads + c->kv_heads, c->size, (float)s->model->eps);
    }
}

/* left = attention of the rows [first, last), as units. */
static inline void attended_to_units(const Step *s, const Layer *l, int64_t first, int64_t last) {
    const int64_t seen = s->cache->heads * s->cache->size, apart = distance(l->out.depth);
    for (int64_t b = first; b < last; b++)
        to_units(s->seen + b * seen, seen, (int)l->out.pairs, s->left + b * apart);
}

/* left = silu(gate) up as units, rows [first, last). */
static inline void gate_rows(const Step *s, const Packed *down, float *own, int64_t first, int64_t last) {
    const int64_t inner = s->model->inner, apart = distance(down->depth);
    for (int64_t b = first; b < last; b++) {
        gated(s->wide + b * 2 * inner, own, inner, 0, 1);
        to_units(own, inner, (int)down->pairs, s->left + b * apart);
    }
}

static inline void multiply(Team *team, const Step *s, const Packed *b, float *c, int add) {
    const int64_t pieces = pieces_of(s->rows, b), apart = distance(b->depth);
    for (int64_t piece; (piece = take(team, 1)) < pieces;)
        multiply_piece(s->left, apart, s->rows, b, c, b->columns, add, piece);
    end_phase(team);
}

#define ROWS_IN_TURN(WORK)                                                                                            \
    do {                                                                                                              \
        for (int64_t first; (first = take(team, AT_ONCE)) < s->rows;) {                                               \
            const int64_t last = first + AT_ONCE < s->rows ? first + AT_ONCE : s->rows;                               \
            WORK;                                                                                                     \
        }                                                                                                             \
        end_phase(team);                                                                                              \
    } while (0)

/* The rest of a layer, after its attention. */
static inline void finish_layer(Team *team, const Step *s, const Layer *l, float *own) {
    multiply(team, s, &l->out, s->x, 1);
    ROWS_IN_TURN(norm_rows(s, &l->gate_up, own, first, last));
    multiply(team, s, &l->gate_up, s->wide, 0);
    ROWS_IN_TURN(gate_rows(s, &l->down, own, first, last));
    multiply(team, s, &l->down, s->x, 1);
}

static inline void write_logits(Team *team, const Step *s, float *own) {
    ROWS_IN_TURN(norm_rows(s, &s->model->head, own, first, last));
    multiply(team, s, &s->model->head, s->logits, 0);
}

/* Multiplications of one row in one layer's products and in the head's. */
static inline int64_t row_work(const Model *m, const Cache *c) {
    const int64_t layer = m->width * (qkv_width(c) + c->heads * c->size + 3 * m->inner);
    return m->layers * layer + m->width * m->head.columns;
}
