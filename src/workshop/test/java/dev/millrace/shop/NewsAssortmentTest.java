package dev.millrace.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.replay.EventsByKind;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NewsAssortmentTest {

    private static final long MINUTE = 60_000;
    private static final long HOUR = 60 * MINUTE;
    private static final int OPENING_ARTICLES = 100;
    private static final int EVENTS = 250_000;

    /** A thousand articles and 80,000 exposures a day. */
    private static final Map<String, String> NEWS = Map.of(
            "shop.kind", "news",
            "shop.users", "1000",
            "shop.items", "" + OPENING_ARTICLES,
            "shop.new-items-per-day", "10",
            "shop.visits-per-user-per-day", "10",
            "shop.bursts-per-day", "0");

    private static final List<ReplayEvent> STREAM = events(NEWS, EVENTS);

    @Test
    void sameSeedGivesTheSameEventsAndAnotherSeedOthers() {
        List<ReplayEvent> begin = STREAM.subList(0, 20_000);

        assertThat(events(NEWS, 20_000)).isEqualTo(begin);
        assertThat(events(with("shop.seed", "2"), 20_000)).isNotEqualTo(begin);
    }

    @Test
    void nothingIsShownBeforeItsTimeOrAfterItsEnd() {
        Set<Assortment.Item> shown = new HashSet<>();
        walk((now, item) -> {
            // a click may be dated 5 s before its exposure; the last of 8 exposures 3 s apart is 21 s after the first
            assertThat(item.since()).isLessThanOrEqualTo(now - 5_000);
            assertThat(item.until()).isGreaterThan(now + 21_000);
            shown.add(item);
        });

        assertThat(shown).hasSizeGreaterThan(2_000);
    }

    @Test
    void theMedianLifeIsThatOfTheConstant() {
        Set<Assortment.Item> articles = new HashSet<>();
        walk((now, item) -> {
            if (item.since() > ShopGenerator.OPENING) {
                articles.add(item);
            }
        });

        List<Long> lives = articles.stream()
                .map(item -> item.until() - item.since())
                .sorted()
                .toList();
        // of 3,000 articles whose logarithm has the deviation 0.6, the median is within 3 · 1.25 · 0.6 / √3000 = 4 %
        assertThat((double) lives.get(lives.size() / 2))
                .isCloseTo(NewsAssortment.MEDIAN_LIFE, within(0.05 * NewsAssortment.MEDIAN_LIFE));
    }

    @Test
    void noArticleIsSeenBeforeItsTime() {
        Map<String, Long> times = new HashMap<>();
        EventsByKind.items(STREAM).forEach(item -> times.put(item.item(), item.time()));

        assertThat(STREAM.stream().filter(ReplayEvent::isInteraction))
                .extracting(ReplayEvent::time)
                .isSorted();
        assertThat(EventsByKind.exposures(STREAM)).allSatisfy(shown -> assertThat(shown.time())
                .isGreaterThanOrEqualTo(times.getOrDefault(shown.item(), 0L)));
        assertThat(EventsByKind.clicks(STREAM)).allSatisfy(clicked -> assertThat(clicked.time())
                .isGreaterThanOrEqualTo(times.getOrDefault(clicked.item(), 0L)));
    }

    @Test
    void articlesAreAnnouncedAtTheirDeclaredShares() {
        Map<String, Long> leads = new HashMap<>();
        Set<String> shown = new HashSet<>();
        long clock = ShopGenerator.OPENING;
        for (ReplayEvent event : STREAM) {
            if (event instanceof ReplayEvent.ItemListing listing) {
                leads.put(listing.item().item(), listing.time() - clock);
            } else if (event instanceof ReplayEvent.ItemExposure exposed) {
                clock = exposed.time();
                shown.add(exposed.exposure().item());
            }
        }
        // those of the first hours were announced before there was a clock
        shown.removeIf(item -> Integer.parseInt(item.substring(1)) < 500);

        double announced = shown.stream()
                .filter(item -> leads.getOrDefault(item, 0L) > 4 * MINUTE)
                .count();
        double unlisted =
                shown.stream().filter(item -> !leads.containsKey(item)).count();
        // three standard errors of some 2,500 articles are 0.03 and 0.024
        assertThat(shown).hasSizeGreaterThan(2_000);
        assertThat(announced / shown.size()).isCloseTo(NewsAssortment.ANNOUNCED_SHARE, within(0.03));
        assertThat(unlisted / shown.size()).isCloseTo(NewsAssortment.UNLISTED_SHARE, within(0.025));
        assertThat(leads.values()).allMatch(lead -> lead <= NewsAssortment.LONGEST_LEAD + MINUTE);
    }

    @Test
    void everyClickIsOnAnArticleThatTheUserIsShown() {
        long end = STREAM.get(EVENTS - 1).time();
        Set<String> shown = EventsByKind.exposures(STREAM).stream()
                .map(exposure -> exposure.user() + " " + exposure.item())
                .collect(Collectors.toSet());

        List<Click> clicks = EventsByKind.clicks(STREAM).stream()
                .filter(click -> click.time() < end - ShopGenerator.MAX_EARLY_MILLIS)
                .toList();
        assertThat(clicks).hasSizeGreaterThan(5_000);
        assertThat(clicks).allMatch(click -> shown.contains(click.user() + " " + click.item()));
    }

    @Test
    void anArticleThatBreaksIsEverywhereWithinMinutes() {
        // an article of a burst has a tenth of the places at once; without bursts the newest have 0.2 / 10 each at most
        assertThat(breaking(STREAM)).isZero();
        // some 60 bursts in two and a half days, of which a later one can end an earlier one
        assertThat(breaking(events(with("shop.bursts-per-day", "24"), EVENTS))).isBetween(20L, 60L);
    }

    @Test
    void mostArticlesAppearByDay() {
        List<Long> hours = EventsByKind.items(STREAM).stream()
                .map(item -> (item.time() - ShopGenerator.OPENING) / HOUR)
                .filter(hour -> hour >= 0 && hour < 48)
                .toList();

        double byDay =
                hours.stream().filter(hour -> hour % 24 >= 9 && hour % 24 < 21).count();
        // the mean of 1 − 0.8 cos(2π (hour − 3) / 24) from 9 to 21, halved: (1 + 0.8 · 2 / π) / 2 = 0.755; three
        // standard errors of 1,600 are 0.032
        assertThat(byDay / hours.size()).isCloseTo(0.755, within(0.035));
    }

    @Test
    void tooFewNewArticlesAreAFault() {
        assertThatThrownBy(() -> news(Map.of("shop.kind", "news", "shop.new-items-per-day", "0.9")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("shop.new-items-per-day = 0.9: must be at least 1");
        assertThat(news(Map.of("shop.kind", "news", "shop.new-items-per-day", "1"))
                        .newItemsPerDay())
                .isEqualTo(1);
    }

    @Test
    void absentIsWhatIsBeforeItsTimeOrAfterItsEnd() {
        NewsAssortment news = new NewsAssortment(news(NEWS), new HiddenSpace(1), (event, sentAt) -> {});
        news.open();
        for (int step = 0; step < 720; step++) {
            long now = ShopGenerator.OPENING + step * 5_000L;

            news.advance((double) now);

            // as what is shown
            assertThat(news.absent())
                    .isEqualTo(news.all().stream()
                            .filter(item -> item.since() > now - 5_000 || item.until() <= now + 24_000)
                            .map(Assortment.Item::id)
                            .collect(Collectors.toSet()));
        }
    }

    /** Of 20 topics chance meets one in 20. */
    @Test
    void embeddingsKnowTheTopic() {
        List<CatalogueItem> items = EventsByKind.items(events(with("shop.embeddings", "true"), 20_000));

        double sameTopic = items.stream()
                .filter(item -> item.features()
                        .value("category")
                        .equals(nearest(item, items).features().value("category")))
                .count();
        assertThat(items).hasSizeGreaterThan(200);
        assertThat(sameTopic / items.size()).isGreaterThan(3.0 / HiddenSpace.CATEGORIES);
    }

    @Test
    void embeddingsChangeNothingElse() {
        List<String> without = events(with("shop.embeddings", "true"), 20_000).stream()
                .map(event -> event instanceof ReplayEvent.ItemListing listing
                        ? new ReplayEvent.ItemListing(withoutEmbedding(listing.item()))
                        : event)
                .map(ReplayEvent::toString)
                .toList();

        assertThat(without)
                .isEqualTo(STREAM.subList(0, 20_000).stream()
                        .map(ReplayEvent::toString)
                        .toList());
    }

    private static CatalogueItem withoutEmbedding(CatalogueItem item) {
        Map<String, FeatureValue> features = new HashMap<>(item.features().values());
        assertThat(features.remove("embedding")).isNotNull();
        return new CatalogueItem(item.item(), item.time(), Features.of(features));
    }

    /** Returns the other item whose embedding has the largest cosine. */
    private static CatalogueItem nearest(CatalogueItem item, List<CatalogueItem> items) {
        return items.stream()
                .filter(other -> !other.equals(item))
                .max(Comparator.comparingDouble(other -> HiddenSpace.dot(embedding(item), embedding(other))))
                .orElseThrow();
    }

    /** Returns the item's embedding at unit length. */
    private static double[] embedding(CatalogueItem item) {
        FeatureValue value = item.features().value("embedding").orElseThrow();
        return HiddenSpace.unit(((FeatureValue.Dense) value)
                .values().stream().mapToDouble(Float::doubleValue).toArray());
    }

    @Test
    void onlyNewsHaveEmbeddings() {
        assertThatThrownBy(() -> news(Map.of("shop.embeddings", "true")))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("shop.embeddings = true: must be false unless shop.kind = news");
    }

    private interface Shown {
        void at(long now, Assortment.Item item);
    }

    /** Has articles chosen for a user each minute of three days. */
    private static void walk(Shown shown) {
        ShopSettings settings = news(NEWS);
        HiddenSpace space = new HiddenSpace(1);
        NewsAssortment news = new NewsAssortment(settings, space, (event, sentAt) -> {});
        Users users = new Users(settings, space, (event, sentAt) -> {});
        news.open();
        for (long now = ShopGenerator.OPENING; now < ShopGenerator.OPENING + 72 * HOUR; now += MINUTE) {
            news.advance((double) now);
            Users.User user = users.visitor(now);
            for (int choice = 0; choice < 40; choice++) {
                Assortment.Item item = news.choose(user).orElseThrow();
                shown.at(now, item);
                if (choice == 0) {
                    news.clicked(item);
                }
            }
        }
    }

    /** Returns the number of listed articles that take more than 7 % of the exposures from their fifth to their 25th minute. */
    private static long breaking(List<ReplayEvent> events) {
        TreeMap<Long, Long> exposuresByMinute = new TreeMap<>();
        Map<String, Long> early = new HashMap<>();
        Map<String, Long> times = EventsByKind.items(events).stream()
                .filter(item -> item.time() > ShopGenerator.OPENING)
                .collect(Collectors.toMap(CatalogueItem::item, CatalogueItem::time));
        for (Exposure exposure : EventsByKind.exposures(events)) {
            exposuresByMinute.merge(exposure.time() / MINUTE, 1L, Long::sum);
            long age = exposure.time() / MINUTE - times.getOrDefault(exposure.item(), 0L) / MINUTE;
            if (age >= 5 && age < 25) {
                early.merge(exposure.item(), 1L, Long::sum);
            }
        }
        return early.entrySet().stream()
                .filter(entry -> {
                    long minute = times.getOrDefault(entry.getKey(), 0L) / MINUTE;
                    long all = exposuresByMinute.subMap(minute + 5, minute + 25).values().stream()
                            .mapToLong(Long::longValue)
                            .sum();
                    return all > 300 && entry.getValue() > 0.07 * all;
                })
                .count();
    }

    private static Map<String, String> with(String key, String value) {
        Map<String, String> given = new HashMap<>(NEWS);
        given.put(key, value);
        return given;
    }

    private static List<ReplayEvent> events(Map<String, String> given, int count) {
        return new ShopGenerator(news(given)).events(bad -> {}).limit(count).toList();
    }

    private static ShopSettings news(Map<String, String> given) {
        SettingsReader reader = new SettingsReader(given);
        ShopSettings settings = ShopSettings.read(reader);
        reader.finish();
        return settings;
    }
}
