package dev.millrace.replay;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** An iterator that computes its next element when it is asked for it. One thread. */
abstract class Lookahead<T> implements Iterator<T> {

    private @Nullable T ready;

    /** Computes the next element; null behind the last one, at each call. */
    abstract @Nullable T compute();

    /** The next element, which stays the next; null behind the last one. */
    @Nullable
    T peek() {
        if (ready == null) {
            ready = compute();
        }
        return ready;
    }

    @Override
    public boolean hasNext() {
        return peek() != null;
    }

    @Override
    public T next() {
        T taken = peek();
        if (taken == null) {
            throw new NoSuchElementException();
        }
        ready = null;
        return taken;
    }
}
