/* A token for every row of a batch through all layers of a model, in one call. Where there are rows enough, each
 * thread does its share of them from the first layer to the last. Elsewhere phases follow each other; within one,
 * threads take rows or panels in turn. No number depends on how many rows or threads there are. */

#include "decode.h"
#include "packed.h"
#include "team.h"

#define AT_ONCE 4 /* rows that a thread takes; heads that share a score's room */
#define FEWEST 12 /* rows that a thread takes through all layers: with fewer, reading the weights counts */
#define MANY 48   /* rows from which on they are shared out in smaller parts, for a thread that is held up */

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

static int64_t qkv_width(const Cache *c) { return (c->heads + 2 * c->kv_heads) * c->size; }

static int64_t stride_of(int64_t keys) { return (keys + 2 * BLOCK + 15) / 16 * 16; }

static int64_t own_room(const Model *m, int64_t keys) {
    return (larger(larger(m->width, m->inner), AT_ONCE * stride_of(keys)) + 15) / 16 * 16;
}

static int64_t left_apart(const Model *m, const Cache *c) {
    const int64_t most = larger(larger(m->width, m->inner), c->heads * c->size);
    return distance(units_of(most, (int)m->head.pairs));
}

static int64_t wide_width(const Model *m, const Cache *c) { return larger(qkv_width(c), 2 * m->inner); }

static int64_t padded(int64_t numbers) { return (numbers + 15) / 16 * 16; }

static int64_t room_of(const Model *m, const Cache *c, int64_t rows, int64_t keys, int members) {
    return padded(rows * m->width) + padded(rows * wide_width(m, c)) + padded(rows * c->heads * c->size) +
           padded(rows * left_apart(m, c)) + members * own_room(m, keys);
}

/* Rows of a share: each member takes one, or as many shares as others. */
static int64_t share_of(int64_t rows, int members) {
    const int64_t shares = members * larger(1, rows / (MANY * members));
    return (rows + shares - 1) / shares;
}

/* Numbers of room that a step needs: a share may have a row more than its part, and four pieces that are padded. */
int64_t step_room(const Model *m, const Cache *c, int64_t rows, int64_t keys, int threads) {
    return room_of(m, c, rows + threads, keys, threads) + threads * 4 * 16;
}

static void embed(const Model *m, int64_t token, float *x) {
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
static void norm_rows(const Step *s, const Packed *b, float *own, int64_t first, int64_t last) {
    const Model *m = s->model;
    const int64_t apart = distance(b->depth);
    for (int64_t i = first; i < last; i++) {
        normed(s->x + i * m->width, own, m->width, (float)m->eps, 0, 1);
        to_units(own, m->width, (int)b->pairs, s->left + i * apart);
    }
}

static void norm_heads(float *qk, const float *gain, int64_t heads, int64_t size, float eps) {
    for (int64_t h = 0; h < heads; h++, qk += size, gain += size) {
        normed(qk, qk, size, eps, 0, 1);
        for (int64_t i = 0; i < size; i++) qk[i] *= gain[i];
    }
}

/* left = what the rows [first, last) see, as units; their queries, keys and values are in `wide`. */
static void attend_rows(const Step *s, const Cache *c, const Layer *l, float *own, int64_t first, int64_t last) {
    const int64_t width = qkv_width(c), seen = c->heads * c->size, apart = distance(l->out.depth);
    for (int64_t b = first; b < last; b++) {
        float *qkv = s->wide + b * width;
        if (l->bias)
            for (int64_t i = 0; i < width; i++) qkv[i] += l->bias[i];
        if (l->gain) norm_heads(qkv, l->gain, c->heads + c->kv_heads, c->size, (float)s->model->eps);
    }
    attend(c, s->wide, s->seen, own, stride_of(s->keys), first, last);
    for (int64_t b = first; b < last; b++)
        to_units(s->seen + b * seen, seen, (int)l->out.pairs, s->left + b * apart);
}

/* left = silu(gate) up as units, rows [first, last). */
static void gate_rows(const Step *s, const Packed *down, float *own, int64_t first, int64_t last) {
    const int64_t inner = s->model->inner, apart = distance(down->depth);
    for (int64_t b = first; b < last; b++) {
        gated(s->wide + b * 2 * inner, own, inner, 0, 1);
        to_units(own, inner, (int)down->pairs, s->left + b * apart);
    }
}

static void multiply(Team *team, const Step *s, const Packed *b, float *c, int add) {
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

static void step_part(Team *team, void *argument, int member) {
    const Step *s = argument;
    const Model *m = s->model;
    Cache cache = *s->cache;
    float *own = s->own + member * own_room(m, s->keys);
    ROWS_IN_TURN(for (int64_t i = first; i < last; i++) embed(m, s->token[i], s->x + i * m->width));
    for (int64_t n = 0; n < m->layers; n++) {
        const Layer *l = m->layer + n;
        cache.layer = n;
        ROWS_IN_TURN(norm_rows(s, &l->qkv, own, first, last));
        multiply(team, s, &l->qkv, s->wide, 0);
        ROWS_IN_TURN(attend_rows(s, &cache, l, own, first, last));
        multiply(team, s, &l->out, s->x, 1);
        ROWS_IN_TURN(norm_rows(s, &l->gate_up, own, first, last));
        multiply(team, s, &l->gate_up, s->wide, 0);
        ROWS_IN_TURN(gate_rows(s, &l->down, own, first, last));
        multiply(team, s, &l->down, s->x, 1);
    }
    ROWS_IN_TURN(norm_rows(s, &m->head, own, first, last));
    multiply(team, s, &m->head, s->logits, 0);
}

/* Multiplications of one row in one layer's products and in the head's. */
static int64_t row_work(const Model *m, const Cache *c) {
    const int64_t layer = m->width * (qkv_width(c) + c->heads * c->size + 3 * m->inner);
    return m->layers * layer + m->width * m->head.columns;
}

static void use_room(Step *s, float *room) {
    const Model *m = s->model;
    const Cache *c = s->cache;
    s->x = room;
    s->wide = s->x + padded(s->rows * m->width);
    s->seen = s->wide + padded(s->rows * wide_width(m, c));
    s->left = (unit *)(s->seen + padded(s->rows * c->heads * c->size));
    s->own = (float *)s->left + padded(s->rows * left_apart(m, c));
}

typedef struct {
    const Step *step; /* of all rows */
    float *room;
    int64_t share;
} Shares;

static void share_part(Team *team, void *argument, int member) {
    const Shares *all = argument;
    const Step *whole = all->step;
    const Model *m = whole->model;
    float *room = all->room + member * room_of(m, whole->cache, all->share, whole->keys, 1);
    for (int64_t first; (first = take(team, all->share)) < whole->rows;) {
        Cache c = *whole->cache;
        c.prompt += first, c.prompt_tokens += first, c.written += first, c.blocks += first * c.most;
        Step s = *whole;
        s.cache = &c, s.token += first, s.logits += first * m->head.columns;
        s.rows = whole->rows - first < all->share ? whole->rows - first : all->share;
        use_room(&s, room);
        run_alone(step_part, &s);
    }
}

/* logits [rows, V] after one more token for every row, whose keys and values join the cache; room: `step_room`
 * numbers, at a multiple of 64 bytes. Returns 1, and does nothing, where a token is not one of the model's. */
int step(const Model *m, const Cache *c, const int64_t *token, int64_t rows, int64_t keys, float *room,
          float *logits, int threads) {
    Step s = {.model = m, .cache = c, .token = token, .rows = rows, .keys = keys, .logits = logits};
    for (int64_t b = 0; b < rows; b++)
        if (token[b] < 0 || token[b] >= m->tokens) return 1;
    const int64_t work = rows * row_work(m, c);
    const int members = worth(work, threads);
    if (members > 1 && rows >= FEWEST * members) {
        Shares shares = {&s, room, share_of(rows, members)};
        run_team(share_part, &shares, members);
        return 0;
    }
    use_room(&s, room);
    /* Eight phases of a layer end with a wait for each other. */
    run_team(step_part, &s, worth(work / (2 * m->layers), threads));
    return 0;
}
