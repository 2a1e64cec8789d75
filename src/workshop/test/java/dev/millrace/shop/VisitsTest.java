package dev.millrace.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.millrace.evaluate.Report;
import dev.millrace.operation.Progress;
import dev.millrace.settings.SettingsReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VisitsTest {

    private static final long HOUR = 3_600_000;

    private final ShopSettings settings = ShopSettings.read(new SettingsReader(Map.of("shop.users", "3")));
    private final List<Assortment.Item> items = new ArrayList<>();
    private final Visits visits =
            new Visits(settings, new Appealing(items), new Users(settings, new HiddenSpace(1), (event, sentAt) -> {}));

    @Test
    void clicksAreCountedByTenthsOfTheExposures() {
        Assortment.Item item = added(0, 0);
        for (int exposure = 0; exposure < 40; exposure++) {
            visits.shown(item, exposure == 0 || exposure >= 37, hour(exposure));
        }

        // 4 of 40; 1 of the first four, 3 of the last four
        assertThat(row("clicks per 1,000 exposures"))
                .contains(entry("all", 100.0), entry("1", 250.0), entry("2", 0.0), entry("10", 750.0));
    }

    /** Of 30 new items the best three are good. One has its tenth click 9 h after it came, another after 20 h, the third never. */
    @Test
    void goodNewItemsWaitForTheirTenthClick() {
        visits.shown(added(-1, 9), false, hour(0)); // not new
        for (int item = 0; item < 27; item++) {
            click(added(1, 0), 10, 0); // not good
        }
        Assortment.Item soon = added(2, 3);
        Assortment.Item late = added(3, 2);
        Assortment.Item never = added(4, 1);
        click(soon, 12, 1); // at 2 h to 13 h
        click(late, 10, 0);
        visits.shown(late, true, hour(50));
        click(never, 9, 1);
        visits.shown(added(26, 9), false, hour(50)); // in the second half

        assertThat(row("good new items"))
                .contains(
                        entry("new", 30),
                        entry("good", 3),
                        entry("hoursToTenthClick", 9.0),
                        entry("neverShare", 1 / 3.0),
                        entry("meanClicks", (12 + 11 + 9) / 3.0));
    }

    /** @param every hours between clicks, the first of which comes with the item */
    private void click(Assortment.Item item, int clicks, long every) {
        for (int click = 0; click < clicks; click++) {
            visits.shown(item, true, item.since() + every * click * HOUR);
        }
    }

    private Assortment.Item added(int hour, double appeal) {
        Assortment.Item item = new Assortment.Item(
                "i" + items.size(), hour(hour), Long.MAX_VALUE, new double[HiddenSpace.DIMS], appeal, 0, true);
        items.add(item);
        return item;
    }

    private static long hour(int hour) {
        return ShopGenerator.OPENING + hour * HOUR;
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> row(String table) {
        Report report = new Report(line -> {}, Progress.NONE);
        visits.tell(report);
        return ((List<Map<String, Object>>)
                        Objects.requireNonNull(report.found().get(table)))
                .get(0);
    }

    /** Items that are liked for their appeal alone. */
    private record Appealing(List<Item> all) implements Assortment {
        @Override
        public void open() {}

        @Override
        public void advance(double nextVisit) {}

        @Override
        public Optional<Item> choose(Users.User user) {
            return Optional.empty();
        }

        @Override
        public double logit(Users.User user, Item item, int position, long shown) {
            return item.appeal();
        }

        @Override
        public void clicked(Item item) {}

        @Override
        public Set<String> absent() {
            return Set.of();
        }

        @Override
        public double rhythm(double time) {
            return 1;
        }
    }
}
