/* Matrix products in float32, for processors whose full width the library that torch calls does not use. The
 * numbers of a row do not depend on how many rows there are. */

#include <stdlib.h>

#include "tile.h"

#define DEPTH 256         /* a panel of so many rows stays in the first cache, */
#define HIGH (16 * ROWS)  /* so many rows of the left side in the second */

/* How many numbers a vector holds. */
int64_t lanes(void) { return WIDTH; }

/* a[i + k step] for columns that lie together: ROWS of them side by side. */
static void lay_rows(const float *a, int64_t step, int64_t rows, int64_t depth, float *to) {
    for (int64_t i = 0; i < rows; i += ROWS, to += depth * ROWS) {
        const int64_t n = rows - i < ROWS ? rows - i : ROWS;
        for (int64_t k = 0; k < depth; k++) {
            if (n == ROWS) memcpy(to + k * ROWS, a + i + k * step, ROWS * sizeof(float));
            else memcpy(to + k * ROWS, a + i + k * step, (size_t)n * sizeof(float));
        }
    }
}

/* c[m, n] (+)= a[m, k] b[k, n] for the rows [first, last) of a and c. One of a's two strides is 1; c lies in one
 * piece. Returns 0, or 1 where there is no memory. */
int product(const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t b_step, int64_t b_column,
            float *c, int64_t n, int64_t k, int add, int64_t first, int64_t last) {
    const int64_t wide = (n + COLUMNS - 1) / COLUMNS * COLUMNS;
    float *panels = aligned_alloc(64, (size_t)(DEPTH * (wide + HIGH)) * sizeof(float));
    if (!panels) return 1;
    float *laid = panels + DEPTH * wide;
    for (int64_t p = 0; p < k; p += DEPTH) {
        const int64_t depth = k - p < DEPTH ? k - p : DEPTH;
        lay_panels(b + p * b_step, b_step, b_column, depth, n, panels);
        for (int64_t i = first; i < last; i += HIGH) {
            const int64_t high = last - i < HIGH ? last - i : HIGH;
            const float *from = a + i * a_row + p * a_step;
            if (a_step != 1) lay_rows(from, a_step, high, depth, laid);
            for (int64_t j = 0; j < n; j += COLUMNS)
                for (int64_t r = 0; r < high; r += ROWS) {
                    const int64_t rows = high - r < ROWS ? high - r : ROWS;
                    float *to = c + (i + r) * n + j;
                    if (a_step != 1)
                        tile_of(rows, laid + r * depth, 1, ROWS, panels + j * depth, depth, to, n, n - j, add || p);
                    else
                        tile_of(rows, from + r * a_row, a_row, 1, panels + j * depth, depth, to, n, n - j, add || p);
                }
        }
    }
    free(panels);
    return 0;
}
