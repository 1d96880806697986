/* A matrix laid out once for products with rows on its left: panels of PANEL columns, each all units deep. */

#pragma once

#include "units.h"

#ifdef __AVX512F__
#define TALL 12 /* rows x two vectors of sums; with what they are made of they fill the registers */
#else
#define TALL 6
#endif
#define PANEL (2 * WIDTH)
#define SLICE 256 /* units of a panel that are multiplied at once: 32 KiB with AVX-512 */

typedef struct {
    const unit *panels;  /* [columns / PANEL, depth, PANEL], columns filled up with zeros */
    int64_t columns, depth; /* depth: in units */
    int64_t pairs;       /* whether a unit is a pair of bfloat16 */
} Packed;

/* Piece `piece` of c[rows, columns] (+)= a[rows, depth] times the matrix, of `pieces_of(rows, b)`; a's rows lie
 * `apart` units from each other, c's `wide` numbers. The numbers of a row do not depend on the other rows. */
int64_t pieces_of(int64_t rows, const Packed *b);
void multiply_piece(const unit *a, int64_t apart, int64_t rows, const Packed *b, float *c, int64_t wide, int add,
                    int64_t piece);

/* Units from one row on the left to the next: no power of two, whose rows would share a place in the cache. */
static inline int64_t distance(int64_t depth) { return (depth + 15) / 16 * 16 + 16; }
