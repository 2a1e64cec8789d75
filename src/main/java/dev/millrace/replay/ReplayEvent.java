package dev.millrace.replay;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;

/** One event of a replay: what a producer would have sent, and to which topic. */
public sealed interface ReplayEvent {

    /** Event time, epoch milliseconds. */
    long time();

    /** An item appears in the catalogue, or its features change. */
    record ItemListing(CatalogueItem item) implements ReplayEvent {
        @Override
        public long time() {
            return item.time();
        }
    }

    /** A user's own features become known, or change. */
    record ProfileUpdate(UserProfile profile) implements ReplayEvent {
        @Override
        public long time() {
            return profile.time();
        }
    }

    /** A user is shown an item. */
    record ItemExposure(Exposure exposure) implements ReplayEvent {
        @Override
        public long time() {
            return exposure.time();
        }
    }

    /** A user acts on an item. */
    record ItemClick(Click click) implements ReplayEvent {
        @Override
        public long time() {
            return click.time();
        }
    }
}
