package dev.millrace.replay;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;

/** One event of a replay: what a producer would have sent, and to which topic. */
public sealed interface ReplayEvent {

    /** Event time, epoch milliseconds. */
    long time();

    /** Calls the visitor's method for this kind of event. */
    void accept(Visitor visitor);

    /** Returns true for exposures and clicks, which a replay paces and counts; false for features of items and users. */
    default boolean isInteraction() {
        return this instanceof ItemExposure || this instanceof ItemClick;
    }

    /** What is done with each kind of event. A new kind does not compile until every visitor has a method for it. */
    interface Visitor {
        void item(CatalogueItem item);

        void profile(UserProfile profile);

        void exposure(Exposure exposure);

        void click(Click click);

        /** Told that the log's rows are of another window from here on. Only an evaluation by windows asks. */
        default void window(WindowMark mark) {}
    }

    /** The rows from here on are of this window of the log. */
    record WindowMark(String window, long time) implements ReplayEvent {
        @Override
        public void accept(Visitor visitor) {
            visitor.window(this);
        }
    }

    /** An item appears in the catalogue, or its features change. */
    record ItemListing(CatalogueItem item) implements ReplayEvent {
        @Override
        public long time() {
            return item.time();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.item(item);
        }
    }

    /** A user's own features become known, or change. */
    record ProfileUpdate(UserProfile profile) implements ReplayEvent {
        @Override
        public long time() {
            return profile.time();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.profile(profile);
        }
    }

    /** A user is shown an item. */
    record ItemExposure(Exposure exposure) implements ReplayEvent {
        @Override
        public long time() {
            return exposure.time();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.exposure(exposure);
        }
    }

    /** A user acts on an item. */
    record ItemClick(Click click) implements ReplayEvent {
        @Override
        public long time() {
            return click.time();
        }

        @Override
        public void accept(Visitor visitor) {
            visitor.click(click);
        }
    }
}
