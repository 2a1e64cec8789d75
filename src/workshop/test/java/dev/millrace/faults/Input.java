package dev.millrace.faults;

import dev.millrace.topic.EventProducer;
import java.util.SortedMap;

/** What is sent to a system, the same whenever it is sent; equal inputs have equal texts. */
interface Input {

    /** Sends all of it, as fast as the broker takes it. */
    void sendAll(EventProducer producer);

    /** Events of it, by topic. */
    SortedMap<String, Long> sent();
}
