package dev.millrace.exam;

import dev.millrace.state.Fields;
import java.nio.ByteBuffer;

/** The places of some items, one in the order of each user, as others are counted. One thread. */
final class Places {

    private final int[] better;
    private final int[] equal;

    Places(int users) {
        this.better = new int[users];
        this.equal = new int[users];
    }

    /** Reads what {@link #write} wrote. */
    Places(ByteBuffer payload, int users) {
        this(users);
        for (int user = 0; user < users; user++) {
            better[user] = payload.getInt();
            equal[user] = payload.getInt();
        }
    }

    void write(Fields fields) {
        for (int user = 0; user < better.length; user++) {
            fields.integer(better[user]).integer(equal[user]);
        }
    }

    /** Counts others that are before the user's item, and others that are beside it. */
    void add(int user, int before, int beside) {
        better[user] += before;
        equal[user] += beside;
    }

    /** Takes one of the others back. */
    void remove(int user, boolean isBefore, boolean isBeside) {
        better[user] -= isBefore ? 1 : 0;
        equal[user] -= isBeside ? 1 : 0;
    }

    /** Returns the place of the user's item, from 1. An equal score counts half a place. */
    double of(int user) {
        return 1 + better[user] + equal[user] / 2.0;
    }
}
