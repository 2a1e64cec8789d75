package dev.millrace.shop;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The items that users can be shown: how they come and go, which are chosen, and how users like them. One thread. */
interface Assortment {

    /** Candidates among which the best match is chosen. */
    int CANDIDATES = 40;

    /** Begins the arrivals of items and bursts. The items of the opening are there before. */
    void open();

    /** Lets items and bursts come and go until the next visit. All that is sent before the visit is sent by then. */
    void advance(double nextVisit);

    /** Chooses an item to show; empty if there is none. */
    Optional<Item> choose(Users.User user);

    /**
     * Returns the logit of the probability of a click.
     *
     * @param position in the list, from 0
     * @param shown time of the exposure, epoch milliseconds
     */
    double logit(Users.User user, Item item, int position, long shown);

    void clicked(Item item);

    /** Returns all items so far in the order of their numbers, with those that were announced and those that are gone. */
    List<Item> all();

    /** Returns the ids of all items that the next visit must not show; the set does not change. */
    Set<String> absent();

    /** Returns the item with an id. */
    default Item item(String id) {
        return all().get(Integer.parseInt(id, 1, id.length(), 10));
    }

    /** Returns how many visits there are at a time, in proportion to the mean of a day. */
    double rhythm(double time);

    /**
     * An item with its hidden properties. Its id is an i and its number.
     *
     * @param until from when it is not shown, epoch milliseconds
     * @param logPrice 0 if it costs nothing
     * @param isListed whether its features are sent
     */
    record Item(String id, long since, long until, double[] place, double appeal, double logPrice, boolean isListed) {

        /** Returns the best match of {@value Assortment#CANDIDATES} random items. */
        static Item matching(Users.User user, List<Item> items, HiddenSpace space) {
            Item best = space.any(items);
            for (int at = 1; at < CANDIDATES; at++) {
                Item other = space.any(items);
                best = user.match(other.place) > user.match(best.place) ? other : best;
            }
            return best;
        }
    }

    /** The latest clicked items. */
    final class RecentClicks {
        private final Item[] items;
        private long clicks;

        RecentClicks(int most) {
            items = new Item[most];
        }

        void add(Item item) {
            items[(int) (clicks++ % items.length)] = item;
        }

        boolean isEmpty() {
            return clicks == 0;
        }

        Item any(HiddenSpace space) {
            return items[space.below((int) Math.min(clicks, items.length))];
        }
    }
}
