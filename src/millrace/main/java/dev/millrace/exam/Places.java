package dev.millrace.exam;

import dev.millrace.state.Form;

/** The places of some items, one in the order of each user, as others are counted. One thread. */
final class Places {

    private final int[] better;
    private final int[] equal;

    Places(int users) {
        this.better = new int[users];
        this.equal = new int[users];
    }

    /** Writes the places, or reads those of so many users. */
    Places fields(Form form, int users) {
        Places all = form.isRead() ? new Places(users) : this;
        for (int user = 0; user < users; user++) {
            all.better[user] = form.integer(all.better[user]);
            all.equal[user] = form.integer(all.equal[user]);
        }
        return all;
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
