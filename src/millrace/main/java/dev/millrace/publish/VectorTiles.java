package dev.millrace.publish;

import dev.millrace.model.TwoTower;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.ObjIntConsumer;

/**
 * The vectors of the items to publish, encoded in tiles, so that no array grows with their number.
 *
 * <p>All are checked before the first is sent, which are two passes. The first tiles are kept from one pass to the next.
 * The others are encoded twice: a vector has the same bits each time, because they do not depend on the other items of a
 * tile.
 */
final class VectorTiles {

    /** Items of a tile. */
    static final int ROWS = 1024;

    /** Tiles that are kept: a few MB at usual widths, and more than a publication of several steps usually has. */
    static final int KEPT = 16;

    private static final double UNIT_TOLERANCE = 1e-3;

    private final TwoTower model;
    private final int[] items;
    private final List<float[]> rooms;

    /**
     * @param items numbers in the catalogue
     * @param rooms arrays of earlier tiles, which are used again; at first none
     */
    VectorTiles(TwoTower model, int[] items, List<float[]> rooms) {
        this.model = model;
        this.items = items;
        this.rooms = rooms;
    }

    /** Returns the first item whose vector must not be published, not finite or not of unit length; empty if all may. Comes before {@link #forEach}. */
    OptionalInt firstUnsound() {
        int dim = model.dim();
        for (int from = 0; from < items.length; from += ROWS) {
            float[] vectors = encoded(from);
            for (int at = from; at < end(from); at++) {
                if (!isSound(vectors, (at - from) * dim)) {
                    return OptionalInt.of(items[at]);
                }
            }
        }
        return OptionalInt.empty();
    }

    /** Hands on all items with a copy of their vectors, in their order. */
    void forEach(ObjIntConsumer<float[]> receiver) {
        int dim = model.dim();
        for (int from = 0; from < items.length; from += ROWS) {
            float[] vectors = from / ROWS < KEPT ? rooms.get(from / ROWS) : encoded(from);
            for (int at = from; at < end(from); at++) {
                receiver.accept(Arrays.copyOfRange(vectors, (at - from) * dim, (at - from + 1) * dim), items[at]);
            }
        }
    }

    /** Encodes the tile that begins with an item: [rows, dim] row-major, with room behind the last tile. */
    private float[] encoded(int from) {
        int room = Math.min(from / ROWS, KEPT);
        if (room == rooms.size()) {
            rooms.add(new float[ROWS * model.dim()]);
        }
        float[] vectors = rooms.get(room);
        model.passingItemVectors(items, from, end(from), vectors);
        return vectors;
    }

    private int end(int from) {
        return Math.min(items.length, from + ROWS);
    }

    /**
     * Returns true if all channels have the same length and the vector has unit length. A channel of zeros has no
     * direction yet and is passed over.
     */
    private boolean isSound(float[] vectors, int from) {
        int channels = model.channels();
        int width = model.dim() / channels;
        for (int channel = 0; channel < channels; channel++) {
            double squares = 0;
            for (int at = from + channel * width; at < from + (channel + 1) * width; at++) {
                squares += (double) vectors[at] * vectors[at];
            }
            if (squares != 0 && !(Math.abs(Math.sqrt(squares * channels) - 1) <= UNIT_TOLERANCE)) {
                return false;
            }
        }
        return true;
    }
}
