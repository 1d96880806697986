/* Matrix products with a matrix that is laid out once. */

#include "packed.h"

#include <stdlib.h>

#include "team.h"

/* Whether pairs of bfloat16 are multiplied by an instruction of their own. */
int multiplies_pairs(void) { return HAS_BF16; }

#define INLINE static inline __attribute__((always_inline))

/* c[i, j] (+)= sum over k of a[i, k] b[k, j] for rows of a and one slice of a panel. Reads `ahead` into the cache
 * meanwhile: this tile's share of the slice that comes next. */
#define TILE(NAME, ADD)                                                                                               \
    INLINE void NAME(const int rows, const unit *a, int64_t apart, const unit *b, int64_t depth, float *c,            \
                     int64_t wide, int64_t columns, int add, const char *ahead) {                                     \
        vec sum[TALL][2];                                                                                             \
        _Pragma("GCC unroll 16") for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = (vec){0};                     \
        for (int64_t k = 0; k < depth; k++, a++, b += PANEL) {                                                        \
            const uvec left = *(const uvec *)b, right = *(const uvec *)(b + WIDTH);                                   \
            __builtin_prefetch(ahead + 64 * k, 0, 2);                                                                 \
            _Pragma("GCC unroll 16") for (int i = 0; i < rows; i++) {                                                 \
                sum[i][0] = ADD(sum[i][0], a + i * apart, left);                                                      \
                sum[i][1] = ADD(sum[i][1], a + i * apart, right);                                                     \
            }                                                                                                         \
        }                                                                                                             \
        put(rows, sum, c, wide, columns, add);                                                                        \
    }

INLINE void put(const int rows, vec sum[TALL][2], float *c, int64_t wide, int64_t columns, int add) {
    if (columns >= PANEL) {
        _Pragma("GCC unroll 16") for (int i = 0; i < rows; i++) {
            vec *to = (vec *)(c + i * wide), *then = (vec *)(c + i * wide + WIDTH);
            if (add) sum[i][0] += *to, sum[i][1] += *then;
            *to = sum[i][0];
            *then = sum[i][1];
        }
        return;
    }
    for (int i = 0; i < rows; i++) {
        const float *from = (const float *)sum[i];
        float *to = c + i * wide;
        for (int64_t j = 0; j < columns; j++) to[j] = add ? to[j] + from[j] : from[j];
    }
}

TILE(float_tile, add_float)
TILE(pair_tile, add_pair)

#if TALL == 12
#define EACH(OF) OF(1) OF(2) OF(3) OF(4) OF(5) OF(6) OF(7) OF(8) OF(9) OF(10) OF(11) OF(12)
#else
#define EACH(OF) OF(1) OF(2) OF(3) OF(4) OF(5) OF(6)
#endif
/* The same for 1 to TALL rows, each number of them compiled by itself. */
#define TILES(NAME, ONE)                                                                                              \
    static void NAME(int64_t rows, const unit *a, int64_t apart, const unit *b, int64_t depth, float *c,              \
                     int64_t wide, int64_t columns, int add, const char *ahead) {                                     \
        switch (rows) { EACH(CASE_##ONE) }                                                                            \
    }
#define CASE_float_tile(n) case n: float_tile(n, a, apart, b, depth, c, wide, columns, add, ahead); break;
#define CASE_pair_tile(n) case n: pair_tile(n, a, apart, b, depth, c, wide, columns, add, ahead); break;
TILES(float_tiles, float_tile)
TILES(pair_tiles, pair_tile)

#define LEFT (512 * 1024) /* bytes of the left side that are multiplied with a panel at once: half of a second cache */

static inline int64_t panels_of(const Packed *b) { return (b->columns + PANEL - 1) / PANEL; }

static inline int64_t rows_at_once(const Packed *b) {
    const int64_t tiles = LEFT / (int64_t)sizeof(unit) / b->depth / TALL;
    return TALL * (tiles < 2 ? 2 : tiles);
}

int64_t pieces_of(int64_t rows, const Packed *b) {
    const int64_t once = rows_at_once(b);
    return (rows + once - 1) / once * panels_of(b);
}

void multiply_piece(const unit *a, int64_t apart, int64_t rows, const Packed *b, float *c, int64_t wide, int add,
                    int64_t piece) {
    const int64_t j = piece % panels_of(b), once = rows_at_once(b), from = piece / panels_of(b) * once;
    const int64_t upto = rows < from + once ? rows : from + once;
    for (int64_t p = 0; p < b->depth; p += SLICE) {
        const int64_t depth = b->depth - p < SLICE ? b->depth - p : SLICE;
        const unit *slice = b->panels + (j * b->depth + p) * PANEL;
        /* A tile reads one line of the next slice a unit: two tiles, or four, all of it. */
        const char *ahead = (const char *)(slice + depth * PANEL), *end = ahead + depth * PANEL * sizeof(unit);
        for (int64_t r = from; r < upto; r += TALL, ahead += ahead + 64 * depth < end ? 64 * depth : 0)
            (b->pairs ? pair_tiles : float_tiles)(upto - r < TALL ? upto - r : TALL, a + r * apart + p, apart, slice,
                                                  depth, c + r * wide + j * PANEL, wide, b->columns - j * PANEL,
                                                  add || p, ahead);
    }
}

/* w [columns, depth numbers], strides in numbers -> panels [first, last) of the layout. */
void pack_panels(const float *w, int64_t row, int64_t step, int64_t columns, int64_t numbers, int pairs, unit *panels,
                 int64_t first, int64_t last) {
    const int64_t depth = units_of(numbers, pairs);
    for (int64_t j = first; j < last; j++)
        for (int64_t i = 0; i < PANEL; i++) {
            const int64_t column = j * PANEL + i;
            unit *to = panels + j * depth * PANEL + i;
            for (int64_t k = 0; k < depth; k++) {
                float pair[2] = {0, 0};
                if (column < columns) {
                    const float *from = w + column * row;
                    pair[0] = from[(pairs ? 2 * k : k) * step];
                    if (pairs && 2 * k + 1 < numbers) pair[1] = from[(2 * k + 1) * step];
                }
                to_units(pair, pairs ? 2 : 1, pairs, to + k * PANEL);
            }
        }
}

typedef struct {
    const float *a;
    int64_t apart, rows, numbers;
    const Packed *b;
    float *c;
    int64_t wide;
    int add;
    unit *left;
} Product;

static void multiply_part(Team *team, void *argument, int member) {
    (void)member;
    const Product *p = argument;
    const int64_t step = distance(p->b->depth), pieces = pieces_of(p->rows, p->b);
    for (int64_t r; (r = take(team, TALL)) < p->rows;)
        for (int64_t i = r; i < r + TALL && i < p->rows; i++)
            to_units(p->a + i * p->apart, p->numbers, (int)p->b->pairs, p->left + i * step);
    end_phase(team);
    for (int64_t piece; (piece = take(team, 1)) < pieces;)
        multiply_piece(p->left, step, p->rows, p->b, p->c, p->wide, p->add, piece);
}

/* c[rows, columns] (+)= a[rows, numbers] times a packed matrix, by so many threads. Returns 1 where there is no
 * memory. */
int multiply_packed(const float *a, int64_t apart, int64_t rows, int64_t numbers, const Packed *b, float *c,
                    int64_t wide, int add, int threads) {
    unit *left = aligned_alloc(64, (size_t)(rows * distance(b->depth)) * sizeof(unit));
    if (!left) return 1;
    Product product = {a, apart, rows, numbers, b, c, wide, add, left};
    run_team(multiply_part, &product, worth(rows * numbers * b->columns, threads));
    free(left);
    return 0;
}
