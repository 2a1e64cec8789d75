package dev.millrace.flink;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.Pace;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.AvroWire;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.Utils;

/**
 * The events of {@code bench stream}, without items, which both engines would hand on unchanged.
 *
 * <p>Behind them come a profile, an exposure and a click of each of {@value #CLOSING_USERS} other users, at a time when all windows have ended: then
 * both engines have ended them. One event more in every partition takes the watermark there; Flink does not take these.
 *
 * <p>No user has events of two topics at the same millisecond: Kafka Streams does not say which of them comes first, and both engines take the order
 * in which they come. The later one is left out.
 *
 * @param taken by both engines
 * @param sent taken, and those behind
 * @param leftOut of the generated events
 */
record BenchEvents(long taken, long sent, long leftOut) {

    private static final int CLOSING_USERS = 600; // twice what the clock of a topic hears in each of two partitions
    private static final int TOPICS = 3;

    static BenchEvents send(MillraceSettings settings, long interactions) throws InterruptedException {
        Untied shop = new Untied(new ShopGenerator(ShopSettings.read(settings.reader())));
        ReplayRun replay = new ReplayRun(shop, new Pace.Max(), interactions, bad -> {});
        try (EventProducer producer =
                new EventProducer(settings.clients(), settings.topics().names(), new AvroWire(settings.wire()))) {
            replay.run(producer, InstantSource.system());
            long shopEvents =
                    replay.sent().values().stream().mapToLong(Long::longValue).sum();
            long time =
                    replay.latestTime() + 2 * settings.attribution().window().toMillis();
            for (int number = 0; number < CLOSING_USERS; number++, time += TOPICS) {
                String user = "closing" + number;
                producer.send(new UserProfile(user, time, Features.NONE));
                interact(producer, user, "click", time);
            }
            int partitions = settings.topics().partitions();
            for (int partition = 0; partition < partitions; partition++) {
                String user = userOf(partition, partitions);
                producer.removeUser(user, time + 1_000); // a profile or a click would have results of one engine only
                interact(producer, user, "none", time + 1_000);
            }
            producer.flush();
            long taken = shopEvents + (long) TOPICS * CLOSING_USERS;
            return new BenchEvents(taken, taken + (long) TOPICS * partitions, shop.leftOut);
        }
    }

    private static void interact(EventProducer producer, String user, String action, long time) {
        producer.send(new Exposure("e" + user, user, "closing", time + 1, 0, Features.NONE));
        producer.send(new Click("c" + user, user, "none", Optional.empty(), action, 1, time + 2, 0, Features.NONE));
    }

    private static String userOf(int partition, int partitions) {
        int number = 0;
        while (Utils.toPositive(Utils.murmur2(Utils.utf8("last" + number))) % partitions != partition) {
            number++;
        }
        return "last" + number;
    }

    /** Events of which no user has two of one time in different topics. */
    private static final class Untied implements DataSet {

        private final DataSet events;
        private long leftOut;

        Untied(DataSet events) {
            this.events = events;
        }

        @Override
        public boolean hasExposures() {
            return events.hasExposures();
        }

        @Override
        public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
            Map<String, ReplayEvent> latest = new HashMap<>();
            return events.events(badRows).filter(event -> user(event)
                    .map(user -> isUntied(latest.merge(user, event, Untied::later), event))
                    .orElse(false));
        }

        private boolean isUntied(ReplayEvent latest, ReplayEvent event) {
            boolean isTied = latest.time() == event.time() && !latest.getClass().equals(event.getClass());
            leftOut += isTied ? 1 : 0;
            return !isTied;
        }

        private static ReplayEvent later(ReplayEvent known, ReplayEvent next) {
            return next.time() > known.time() ? next : known;
        }

        private static Optional<String> user(ReplayEvent event) {
            if (event instanceof ReplayEvent.ItemExposure shown) {
                return Optional.of(shown.exposure().user());
            } else if (event instanceof ReplayEvent.ItemClick acted) {
                return Optional.of(acted.click().user());
            }
            return event instanceof ReplayEvent.ProfileUpdate update
                    ? Optional.of(update.profile().user())
                    : Optional.empty();
        }
    }
}
