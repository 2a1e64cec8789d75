package dev.millrace.replay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Holds rows in memory and gives them back in time order.
 *
 * <p>Layout: a row is its cells in UTF-8, some 45 bytes for fingerprint, line and lengths, 4 bytes a cell, and 24 bytes of index. Events are
 * not held: they are decoded again when the row is read. Ten million rows of a usual log take about a gigabyte.
 *
 * <p>Cost: the index is sorted by a stable merge sort, O(n log n), or O(n) if the rows were added in order. One thread.
 */
final class RowStore {

    private static final int BLOCK_BYTES = 1 << 20;

    private final List<byte[]> blocks = new ArrayList<>();
    private int used = BLOCK_BYTES;
    private long[] times = new long[1024];
    private long[] places = new long[1024];
    private int size;

    /**
     * @param time to sort by, epoch milliseconds
     * @param source number of its file
     */
    void add(long time, int source, Row row) {
        byte[] encoded = encoded(source, row);
        if (used + encoded.length > BLOCK_BYTES || blocks.isEmpty()) {
            blocks.add(new byte[Math.max(BLOCK_BYTES, encoded.length)]);
            used = 0;
        }
        System.arraycopy(encoded, 0, blocks.get(blocks.size() - 1), used, encoded.length);
        if (size == times.length) {
            int larger = size + (size >> 1);
            times = Arrays.copyOf(times, larger);
            places = Arrays.copyOf(places, larger);
        }
        times[size] = time;
        places[size++] = (long) (blocks.size() - 1) << 32 | used;
        used += encoded.length;
    }

    int size() {
        return size;
    }

    /** Returns the row numbers by time. Rows with equal times keep the order in which they were added. */
    int[] timeOrder() {
        int[] order = new int[size];
        boolean sorted = true;
        for (int at = 0; at < size; at++) {
            order[at] = at;
            sorted &= at == 0 || times[at - 1] <= times[at];
        }
        if (!sorted) {
            sort(order);
        }
        return order;
    }

    int source(int number) {
        return at(number).getInt();
    }

    Row row(int number) {
        ByteBuffer bytes = at(number);
        bytes.getInt();
        long line = bytes.getLong();
        String fingerprint = text(bytes);
        String[] cells = new String[bytes.getInt()];
        for (int at = 0; at < cells.length; at++) {
            cells[at] = text(bytes);
        }
        return new Row(line, fingerprint, Arrays.asList(cells));
    }

    private void sort(int[] order) {
        int[] from = order.clone();
        int[] to = order;
        for (long width = 1; width < size; width *= 2) {
            for (long left = 0; left < size; left += 2 * width) {
                merge(from, to, (int) left, (int) Math.min(left + width, size), (int) Math.min(left + 2 * width, size));
            }
            int[] swapped = from;
            from = to;
            to = swapped;
        }
        System.arraycopy(from, 0, order, 0, size);
    }

    private void merge(int[] from, int[] to, int left, int middle, int right) {
        int low = left;
        int high = middle;
        for (int at = left; at < right; at++) {
            boolean takeLow = low < middle && (high >= right || times[from[low]] <= times[from[high]]);
            to[at] = takeLow ? from[low++] : from[high++];
        }
    }

    private ByteBuffer at(int number) {
        long place = places[number];
        byte[] block = blocks.get((int) (place >> 32));
        return ByteBuffer.wrap(block, (int) place, block.length - (int) place);
    }

    private static byte[] encoded(int source, Row row) {
        byte[][] texts = new byte[row.cells().size() + 1][];
        texts[0] = row.fingerprint().getBytes(StandardCharsets.UTF_8);
        int length = Integer.BYTES + Long.BYTES + Integer.BYTES + Integer.BYTES + texts[0].length;
        for (int at = 1; at < texts.length; at++) {
            texts[at] = row.cells().get(at - 1).getBytes(StandardCharsets.UTF_8);
            length += Integer.BYTES + texts[at].length;
        }
        ByteBuffer bytes = ByteBuffer.allocate(length).putInt(source).putLong(row.line());
        bytes.putInt(texts[0].length).put(texts[0]).putInt(texts.length - 1);
        for (int at = 1; at < texts.length; at++) {
            bytes.putInt(texts[at].length).put(texts[at]);
        }
        return bytes.array();
    }

    private static String text(ByteBuffer bytes) {
        byte[] encoded = new byte[bytes.getInt()];
        bytes.get(encoded);
        return new String(encoded, StandardCharsets.UTF_8);
    }
}
