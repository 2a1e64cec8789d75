package dev.millrace.model.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The threads that share the loops of a learning step. One thread calls all methods, and works too.
 *
 * <p>A loop is cut into slices. Each thread takes the next slice that nobody has taken. So what a slice computes may depend on neither the other
 * slices nor the thread, and then the bits depend on neither the threads nor the cut.
 *
 * <p>Threads begin with the first loop that is cut. A thread without work looks for some for some microseconds, then sleeps.
 */
public final class Team implements AutoCloseable {

    /** Most threads that a team may have. */
    public static final int MOST = 64;

    private static final int SLICES_A_THREAD = 4; // so that a thread that begins late costs little
    private static final int LOOKS = 2_000; // a few ten microseconds: the gaps between the loops of a step are shorter

    private final String name;
    private final int size;
    private final List<Worker> workers = new ArrayList<>();
    private volatile @Nullable Loop loop;
    private volatile boolean isClosed;

    /**
     * @param name of the threads, before their numbers
     * @param size threads, the caller's included
     */
    public Team(String name, int size) {
        if (size < 1 || size > MOST) {
            throw new IllegalArgumentException("a team of " + size + " threads: must be from 1 to " + MOST);
        }
        this.name = name;
        this.size = size;
    }

    /** Returns a team of the caller's thread alone. */
    public static Team alone() {
        return new Team("learn", 1);
    }

    /** Threads, the caller's included. */
    public int size() {
        return size;
    }

    /** A part of a loop. */
    public interface Slice {

        /** @param member number of the thread among those of the team, from 0: for arrays of its own */
        void run(int from, int to, int member);
    }

    /**
     * Runs a loop from 0 to {@code count}, and returns when all of it is done. An exception of a slice comes out of here.
     *
     * @param least smallest length of a slice: a shorter loop is not worth a second thread
     */
    public void share(int count, int least, Slice slice) {
        int slices = size == 1 ? 1 : Math.min(size * SLICES_A_THREAD, count / Math.max(1, least));
        if (slices <= 1 || isClosed) {
            slice.run(0, count, 0);
            return;
        }
        Loop next = new Loop(slice, count, slices, Thread.currentThread());
        begin();
        loop = next;
        for (int w = 0; w < Math.min(workers.size(), slices - 1); w++) {
            workers.get(w).wake();
        }
        next.take(0);
        next.await();
        loop = null;
    }

    private void begin() {
        for (int member = workers.size() + 1; member < size; member++) {
            Worker worker = new Worker(member);
            workers.add(worker);
            worker.thread.start();
        }
    }

    /** Ends the threads. The caller's thread does all work from then on. */
    @Override
    public void close() {
        isClosed = true;
        workers.forEach(worker -> LockSupport.unpark(worker.thread));
        try {
            for (Worker worker : workers) {
                worker.thread.join();
            }
        } catch (InterruptedException ended) { // they end by themselves
            Thread.currentThread().interrupt();
        }
    }

    /** One loop that is shared. */
    private static final class Loop {

        private final Slice slice;
        private final int count;
        private final int slices;
        private final Thread owner;
        private final AtomicInteger taken = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Loop(Slice slice, int count, int slices, Thread owner) {
            this.slice = slice;
            this.count = count;
            this.slices = slices;
            this.owner = owner;
        }

        void take(int member) {
            for (int at = taken.getAndIncrement(); at < slices; at = taken.getAndIncrement()) {
                try {
                    slice.run(bound(at), bound(at + 1), member);
                } catch (RuntimeException | Error thrown) {
                    failure.compareAndSet(null, thrown);
                }
                if (done.incrementAndGet() == slices) {
                    LockSupport.unpark(owner);
                }
            }
        }

        private int bound(int at) {
            return (int) ((long) count * at / slices);
        }

        void await() {
            for (int look = 0; done.get() < slices; look++) {
                if (look < LOOKS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            Throwable thrown = failure.get();
            if (thrown instanceof Error error) {
                throw error;
            }
            if (thrown instanceof RuntimeException exception) {
                throw exception;
            }
        }
    }

    /** One thread but the caller's. */
    private final class Worker implements Runnable {

        private final int member;
        private final Thread thread;
        private volatile boolean isAsleep;

        Worker(int member) {
            this.member = member;
            this.thread = new Thread(this, name + "-" + member);
            thread.setDaemon(true);
        }

        void wake() {
            if (isAsleep) {
                LockSupport.unpark(thread);
            }
        }

        @Override
        public void run() {
            for (int look = 0; !isClosed; look++) {
                Loop open = loop;
                if (open != null && open.taken.get() < open.slices) {
                    open.take(member);
                    look = 0;
                } else if (look < LOOKS) {
                    Thread.onSpinWait();
                } else {
                    sleep();
                    look = 0;
                }
            }
        }

        private void sleep() {
            isAsleep = true;
            Loop open = loop;
            if ((open == null || open.taken.get() >= open.slices) && !isClosed) {
                LockSupport.park(this);
            }
            isAsleep = false;
        }
    }
}
