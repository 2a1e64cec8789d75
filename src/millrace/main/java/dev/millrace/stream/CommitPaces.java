package dev.millrace.stream;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;

/** The paces of an application's threads. */
final class CommitPaces {

    private final Map<Thread, CommitPace> paces = Collections.synchronizedMap(new WeakHashMap<>());

    /** Returns the pace of the calling thread. */
    CommitPace ofThisThread(Map<String, Object> application) {
        return paces.computeIfAbsent(Thread.currentThread(), thread -> CommitPace.of(application));
    }
}
