package dev.millrace.fuzz;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Shop;
import dev.millrace.train.Trainer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where raids of one goal by some accounts begin: a shop that has learnt for some hours, and the honest events of the next one.
 *
 * @param target the item that is to gain, or whose neighbours are attacked
 * @param byClicks all items of which there were examples, the most clicked first
 * @param alone what comes of the honest events without anybody else, by goal, as far as that was asked
 * @param controls where the target stands if so many honest users click it once each, as far as that was asked
 */
record Scene(
        Goal goal,
        int accounts,
        MillraceSettings settings,
        Shop.Kept kept,
        List<ReplayEvent> honest,
        String target,
        List<String> byClicks,
        Map<Goal, Raid.Outcome> alone,
        Map<Integer, Shop.Standing> controls)
        implements Accounts.Items {

    private static final int LEARNT = 10_000;
    private static final int HONEST = 1_500;
    private static final int BEYOND = 2_000; // events whose clicks come later than they would
    private static final int ITEMS = 1_000;
    private static final int FIRST = 900;
    private static final int MOST_USERS = 150;
    private static final List<Integer> USERS = List.of(0, 1, 2, 3, 5, 8, 9, 15, 30, 60, MOST_USERS);
    private static final int MOST_DELAY_MILLIS = 20 * 60_000;
    private static final int BESIDE = 3; // as many as get into the target's list, and have it in theirs
    private static final int POPULAR = 60;
    private static final int SECOND_MILLIS = 1_000;
    private static final int LATE =
            HONEST * 4 / 5; // an account may choose its time, and late clicks count most at the end

    /**
     * How long a scene is.
     *
     * @param learnt events that the shop has learnt
     * @param honest events that come then
     */
    record Span(int learnt, int honest) {}

    /** @param set settings other than those of the goal */
    static Scene of(Goal goal, int accounts, Map<String, String> set) {
        return of(goal, accounts, set, new Span(LEARNT, HONEST));
    }

    static Scene of(Goal goal, int accounts, Map<String, String> set, Span span) {
        Map<String, String> all = new HashMap<>(goal.settings());
        all.put("learn.threads", "1");
        all.putAll(set);
        MillraceSettings settings = Shop.settings(all);
        List<ReplayEvent> events = events(goal != Goal.EVICTED, span);
        MemoryEntries entries = new MemoryEntries();
        Map<String, Integer> clicks = new HashMap<>();
        try (Shop shop = new Shop(settings, entries, counting(clicks))) {
            for (ReplayEvent event : events.subList(0, span.learnt)) {
                if (shop.take(event).isPresent() && goal == Goal.GATE) {
                    shop.trainer().publish();
                }
            }
            shop.finish();
            Shop.Kept kept = shop.kept(entries);
            List<String> byClicks = clicks.keySet().stream()
                    .sorted(Comparator.<String>comparingInt(item -> -clicks.getOrDefault(item, 0))
                            .thenComparing(Comparator.naturalOrder()))
                    .toList();
            List<ReplayEvent> honest = events.subList(span.learnt, span.learnt + span.honest);
            return new Scene(
                    goal,
                    accounts,
                    settings,
                    kept,
                    honest,
                    target(goal, settings, kept),
                    byClicks,
                    new HashMap<>(),
                    new HashMap<>());
        }
    }

    /** Returns the scene with another target. */
    Scene aimedAt(String other) {
        return new Scene(goal, accounts, settings, kept, honest, other, byClicks, new HashMap<>(), new HashMap<>());
    }

    /** Returns the scene for another goal in the same settings, or for another number of accounts. */
    Scene of(Goal other, int others) {
        return new Scene(
                other, others, settings, kept, honest, target(other, settings, kept), byClicks, alone, controls);
    }

    private static String target(Goal goal, MillraceSettings settings, Shop.Kept kept) {
        return goal == Goal.NEIGHBOURS ? middling(settings, kept) : "i" + FIRST;
    }

    /** The shop's events in the order of their times. Clicks come up to 20 minutes later than the generator says: so there are always some that are awaited. */
    private static List<ReplayEvent> events(boolean areItemsAnnounced, Span span) {
        List<ReplayEvent> events = new ArrayList<>();
        Shop.events().limit(span.learnt + span.honest + BEYOND).forEach(event -> {
            if (event instanceof ReplayEvent.ItemClick click) {
                events.add(delayed(click.click()));
            } else if (areItemsAnnounced || !(event instanceof ReplayEvent.ItemListing)) {
                events.add(event);
            }
        });
        events.sort(Comparator.comparingLong(ReplayEvent::time));
        return events;
    }

    private static ReplayEvent delayed(Click click) {
        long delay = Math.floorMod(click.id().hashCode() * 0x9E3779B97F4A7C15L, MOST_DELAY_MILLIS);
        return new ReplayEvent.ItemClick(new Click(
                click.id(),
                click.user(),
                click.item(),
                click.exposure(),
                click.action(),
                click.weight(),
                click.time() + delay,
                0,
                click.context()));
    }

    private static String middling(MillraceSettings settings, Shop.Kept kept) {
        List<String> items = lists(settings, kept).entrySet().stream()
                .sorted(Comparator.<Map.Entry<String, NeighbourList>>comparingDouble(
                                list -> list.getValue().total())
                        .thenComparing(Map.Entry::getKey))
                .map(Map.Entry::getKey)
                .toList();
        return items.get(items.size() / 2);
    }

    /** Returns the neighbours of the target. */
    NeighbourList targetsNeighbours() {
        return Objects.requireNonNull(lists(settings, kept).get(target));
    }

    private static Map<String, NeighbourList> lists(MillraceSettings settings, Shop.Kept kept) {
        Map<String, NeighbourList> lists = new HashMap<>();
        MemoryEntries stored = new MemoryEntries();
        kept.trainer().forEach(stored::put);
        try (Trainer trainer = new Trainer(settings.trainer(), stored)) {
            kept.trainer().keySet().forEach(key -> EntryKind.itemWithNeighbours(key)
                    .ifPresent(item -> lists.put(item, trainer.neighbours(item).orElseThrow())));
        }
        return lists;
    }

    private static Attribution.Output counting(Map<String, Integer> clicks) {
        return new Attribution.Output() {
            @Override
            public void example(TrainingExample example) {
                clicks.merge(example.item(), 1, Integer::sum);
            }

            @Override
            public void userFeatures(UserFeatures user) {}

            @Override
            public void userRemoved(String user) {}
        };
    }

    /** Returns what comes of the program. */
    Raid.Outcome raided(Program program) {
        return Raid.run(this, sender(program));
    }

    /** @param found receives the places of honest clicks, as of when they come */
    Raid.Outcome raided(Program program, ExamWitness found) {
        return Raid.run(this, sender(program), found);
    }

    private Accounts sender(Program program) {
        List<String> names =
                IntStream.range(0, accounts).mapToObj(Accounts::name).toList();
        return new Accounts(program, names, honest.size(), this);
    }

    Raid.Outcome quiet() {
        Raid.Outcome known = alone.get(goal);
        Raid.Outcome found = known == null ? Raid.run(this, Raid.Sender.NOBODY) : known;
        alone.put(goal, found);
        return found;
    }

    /**
     * Returns the number of honest users who would move the target as far if they clicked it once each among popular items, between those that were tried;
     * at most {@value #MOST_USERS}.
     */
    double asHonestClicks(double reach) {
        int before = 0;
        for (int users : USERS) {
            double here = control(users).reach();
            if (here >= reach) {
                double below = control(before).reach();
                return users == before ? 0 : before + (users - before) * (reach - below) / (here - below);
            }
            before = users;
        }
        return MOST_USERS;
    }

    /** Returns where the target stands if so many honest users click it once each, and nobody else does. */
    Shop.Standing control(int users) {
        Shop.Standing known = controls.get(users);
        Shop.Standing found = known == null ? clicked(users).standing.orElseThrow() : known;
        controls.put(users, found);
        return found;
    }

    @Override
    public String popular(int place) {
        return byClicks.get(place);
    }

    @Override
    public String round(int place) {
        int first = Integer.parseInt(target.substring(1));
        return "i" + (first + place) % ITEMS;
    }

    /** Each comes for the first time and clicks three popular items, the target, and three popular items again. */
    private Raid.Outcome clicked(int users) {
        return Raid.run(this, (at, now, to) -> {
            for (int user = 0; at == LATE && user < users; user++) {
                for (int place = 0; place <= 2 * BESIDE; place++) {
                    String item = place == BESIDE
                            ? target
                            : popular((2 * BESIDE * user + place) % Math.min(byClicks.size(), POPULAR));
                    String id = "visitor-" + user + "-" + place;
                    long time = now + (long) place * SECOND_MILLIS;
                    to.accept(new ReplayEvent.ItemExposure(
                            new Exposure(id, "visitor-" + user, item, time, 0, Features.NONE)));
                    to.accept(new ReplayEvent.ItemClick(new Click(
                            id, "visitor-" + user, item, Optional.of(id), "click", 1, time, 0, Features.NONE)));
                }
            }
        });
    }
}
