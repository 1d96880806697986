/* A prompt through all layers of a model, in one call: its keys and values for the samples that continue it, and the
 * logits after its last token. */

#include <stdatomic.h>

#include "attention.h"
#include "phases.h"

typedef struct {
    Step all, end;  /* every token; the last one, which alone is needed after the last layer's attention */
    Attention line; /* of one layer */
    float *q, *k, *v;
    float *kept; /* [layers, K, keys [D, P] then values [P, D]] */
    int64_t columns; /* P */
    atomic_int failed;
} Prefill;

static int64_t lines_room(const Cache *c, int64_t tokens) {
    return padded(tokens * c->heads * c->size) + 2 * padded(tokens * c->kv_heads * c->size) +
           padded(tokens * c->heads);
}

/* Numbers of room that a prompt needs. */
int64_t prompt_room(const Model *m, const Cache *c, int64_t tokens, int threads) {
    return room_of(m, c, tokens, 0, threads) + lines_room(c, tokens);
}

/* Copies queries, keys and values of the tokens [first, last) into arrays of their own; keys and values also into
 * the prompt's cache. */
static void split_heads(const Prefill *p, const Layer *l, int64_t n, int64_t first, int64_t last) {
    const Cache *c = p->all.cache;
    const int64_t D = c->size, H = c->heads, K = c->kv_heads, P = p->columns;
    finish_heads(&p->all, l, first, last);
    for (int64_t t = first; t < last; t++) {
        float *q = p->all.wide + t * qkv_width(c), *k = q + H * D, *v = k + K * D;
        turn_heads(c, q, t);
        memcpy(p->q + t * H * D, q, (size_t)(H * D) * sizeof(float));
        memcpy(p->k + t * K * D, k, (size_t)(K * D) * sizeof(float));
        memcpy(p->v + t * K * D, v, (size_t)(K * D) * sizeof(float));
        float *kept = p->kept + n * K * 2 * D * P;
        for (int64_t g = 0; g < K; g++, kept += 2 * D * P) {
            for (int64_t d = 0; d < D; d++) kept[d * P + t] = k[g * D + d];
            memcpy(kept + D * P + t * D, v + g * D, (size_t)D * sizeof(float));
        }
    }
}

static void prompt_part(Team *team, void *argument, int member) {
    Prefill *p = argument;
    const Step *s = &p->all;
    const Model *m = s->model;
    const Cache *c = s->cache;
    float *own = s->own + member * own_room(m, 0);
    ROWS_IN_TURN(for (int64_t i = first; i < last; i++) embed(m, s->token[i], s->x + i * m->width));
    for (int64_t n = 0; n < m->layers; n++) {
        const Layer *l = m->layer + n;
        ROWS_IN_TURN(norm_rows(s, &l->qkv, own, first, last));
        multiply(team, s, &l->qkv, s->wide, 0);
        ROWS_IN_TURN(split_heads(p, l, n, first, last));
        for (int64_t g; (g = take(team, 1)) < c->kv_heads;)
            if (packed(&p->line, 0, g, g + 1)) atomic_store(&p->failed, 1);
        end_phase(team);
        if (n == m->layers - 1) s = &p->end;
        ROWS_IN_TURN(attended_to_units(s, l, first, last));
        finish_layer(team, s, l, own);
    }
    write_logits(team, s, own);
}

/* kept: keys and values of the prompt, P columns for each head, and logits [V]; room: `prompt_room` numbers, at a
 * multiple of 64 bytes. Returns 1, and does nothing, where a token is not one of the model's; 2 without memory. */
int prompt(const Model *m, const Cache *c, const int64_t *token, int64_t tokens, float *kept, int64_t columns,
           float *room, float *logits, int threads) {
    for (int64_t t = 0; t < tokens; t++)
        if (token[t] < 0 || token[t] >= m->tokens) return 1;
    Prefill p = {.all = {.model = m, .cache = c, .token = token, .rows = tokens, .logits = logits}};
    use_room(&p.all, room);
    const int64_t seen = c->heads * c->size, kv = c->kv_heads * c->size, block[4] = {0, tokens, 0, 0};
    p.q = room + room_of(m, c, tokens, 0, threads);
    p.k = p.q + padded(tokens * seen);
    p.v = p.k + padded(tokens * kv);
    p.kept = kept, p.columns = columns;
    p.line = (Attention){.heads = c->heads, .kv_heads = c->kv_heads, .size = c->size, .scale = 1, .blocks = 1,
                         .block = block, .q = p.q, .k = p.k, .v = p.v, .seen = p.all.seen,
                         .top = p.v + padded(tokens * kv)};
    p.end = p.all;
    p.end.rows = 1;
    p.end.x += (tokens - 1) * m->width;
    p.end.seen += (tokens - 1) * seen;
    run_team(prompt_part, &p, worth(tokens * row_work(m, c) / m->layers, threads));
    return atomic_load(&p.failed) ? 2 : 0;
}
