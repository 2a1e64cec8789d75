package dev.millrace.publish;

import dev.millrace.publish.PublicationOrder.Moment;
import dev.millrace.state.Form;
import java.time.Duration;

/**
 * The largest number of vectors in the last while: at least since one bound ago, at most since two bounds ago.
 *
 * <p>The sweep's share is of this number. A vector that was published among N others has its turn after them, also if
 * items behind it leave: they would lower the share while as many are ahead.
 */
final class RecentPeak {

    private final AgeBound bound;
    private final Duration maxAge;
    private long current;
    private long before;
    private Moment since = Moment.NONE;

    RecentPeak(PublishSettings settings) {
        this.bound = settings.bound();
        this.maxAge = settings.maxAge();
    }

    long vectors() {
        return Math.max(before, current);
    }

    /** Takes the number of vectors after a publication. */
    void observe(long vectors, Moment now) {
        if (vectors >= vectors()) {
            current = vectors;
            before = 0;
            since = now;
        } else if (isBoundPast(now)) {
            before = current;
            current = vectors;
            since = now;
        } else {
            current = Math.max(current, vectors);
        }
    }

    void fields(Form form) {
        current = form.longInteger(current);
        since = since.fields(form);
        before = form.longInteger(before);
    }

    private boolean isBoundPast(Moment now) {
        return now.step() - since.step() >= bound.steps(vectors()) && now.time() - since.time() >= maxAge.toMillis();
    }
}
