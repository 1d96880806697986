/* A token for every row of a batch through all layers of a model, in one call. Where there are rows enough, each
 * thread does its share of them from the first layer to the last; elsewhere threads share each phase. */

#include "phases.h"

#define FEWEST 12 /* rows that a thread takes through all layers: with fewer, reading the weights counts */
#define MANY 48   /* rows from which on they are shared out in smaller parts, for a thread that is held up */

/* Rows of a share: each member takes one, or as many shares as others. */
static int64_t share_of(int64_t rows, int members) {
    const int64_t shares = members * larger(1, rows / (MANY * members));
    return (rows + shares - 1) / shares;
}

/* Numbers of room that a step needs: a share may have a row more than its part, and four pieces that are padded. */
int64_t step_room(const Model *m, const Cache *c, int64_t rows, int64_t keys, int threads) {
    return room_of(m, c, rows + threads, keys, threads) + threads * 4 * 16;
}

/* left = attention of the rows [first, last), as units; their queries, keys and values are in `wide`. */
static void attend_rows(const Step *s, const Cache *c, const Layer *l, float *own, int64_t first, int64_t last) {
    finish_heads(s, l, first, last);
    attend(c, s->wide, s->seen, own, stride_of(s->keys), first, last);
    attended_to_units(s, l, first, last);
}

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
        finish_layer(team, s, l, own);
    }
    write_logits(team, s, own);
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
    /* Eight phases of a layer end with a wait: with few rows each must be worth one. */
    run_team(step_part, &s, worth(work / (2 * m->layers), threads));
    return 0;
}
