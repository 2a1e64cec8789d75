package dev.millrace.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Counts the rows that cannot be used, and keeps the first ones. One thread. */
public final class BadRows implements Consumer<BadRow> {

    private final int kept;
    private final List<BadRow> first = new ArrayList<>();
    private long count;

    /**
     * @param kept how many rows to keep
     */
    public BadRows(int kept) {
        this.kept = kept;
    }

    @Override
    public void accept(BadRow row) {
        count++;
        if (first.size() < kept) {
            first.add(row);
        }
    }

    public long count() {
        return count;
    }

    public List<BadRow> first() {
        return List.copyOf(first);
    }
}
