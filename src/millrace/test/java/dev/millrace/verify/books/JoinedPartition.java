package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.PlainRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** One user partition: its topics in memory, what a real attribution makes of them, and what the offline join says of that. */
final class JoinedPartition implements Attribution.Output {

    private static final long T0 = 1_767_225_600_000L;
    private static final long MINUTE = 60_000;
    private static final double[] WEIGHTS = {1, 1, .03, .3, 25};

    final List<Exposure> exposures = new ArrayList<>();
    final List<Click> clicks = new ArrayList<>();
    final List<String> forgotten = new ArrayList<>();
    final List<TrainingExample> examples = new ArrayList<>();
    /** By the number of examples before it: users whose removals lie there in the topic of examples. */
    private final TreeMap<Integer, List<String>> removals = new TreeMap<>();

    private final SortedMap<Long, CountedRecords.LoggedState> exposureStates = new TreeMap<>();
    private final SortedMap<Long, CountedRecords.LoggedState> clickStates = new TreeMap<>();
    private boolean isWhole = true;
    final AttributionSettings settings;

    private final Attribution attribution;

    /** @param set settings, each as key=value */
    JoinedPartition(String... set) {
        Map<String, String> given = new HashMap<>();
        Stream.of(set).map(each -> each.split("=", 2)).forEach(each -> given.put(each[0], each[1]));
        settings = AttributionSettings.read(new SettingsReader(given));
        attribution = new Attribution(settings, new MemoryEntries(), this);
    }

    static Exposure exposure(String id, String user, String item, long time) {
        return new Exposure(id, user, item, time, time, Features.NONE);
    }

    /** @param exposure that it names; blank for none */
    static Click click(String id, String user, String item, String exposure, String action, long time) {
        Optional<String> named = exposure.isBlank() ? Optional.empty() : Optional.of(exposure);
        return new Click(id, user, item, named, action, 1, time, time, Features.NONE);
    }

    /** A state of an experiment comes in the topic of what it counts. */
    void read(Experiment state) {
        boolean isOfClicks = state.plan().per() == Experiment.Per.USER;
        // between two events: behind the offset of the last, as the next one looks at lower offsets
        long offset = (isOfClicks ? clicks : exposures).size() - 1L;
        long order = 1L + exposureStates.size() + clickStates.size();
        (isOfClicks ? clickStates : exposureStates)
                .put(offset, new CountedRecords.LoggedState(offset, ExperimentReference.to(state, order), state));
        attribution.experiment(isOfClicks ? InputTopic.CLICKS : InputTopic.EXPOSURES, state, order);
    }

    /** What the attribution counted in the latest experiment. */
    SortedMap<String, Long> experimentSums() {
        return attribution.experimentSums().byName();
    }

    void read(Exposure exposure) {
        exposures.add(exposure);
        attribution.expose(exposure);
    }

    void read(Click click) {
        clicks.add(click);
        attribution.click(click);
    }

    void forget(String user) {
        forgotten.add(user);
        attribution.removeUser(user);
    }

    /** Takes an example out of its topic. */
    TrainingExample lose(int at) {
        TreeMap<Integer, List<String>> later = new TreeMap<>(removals.tailMap(at, false));
        removals.keySet().removeAll(later.keySet());
        later.forEach((count, users) ->
                removals.computeIfAbsent(count - 1, none -> new ArrayList<>()).addAll(users));
        return examples.remove(at);
    }

    /** As if the beginning of the topic of examples were gone. */
    void loseBeginning() {
        isWhole = false;
    }

    /**
     * Seeded events of few users, items and ids within some minutes, each topic in nearly its own order of time.
     *
     * @param names number of users, and of items
     */
    void play(int seed, int names) {
        List<Exposure> shows = new ArrayList<>();
        List<Click> acts = new ArrayList<>();
        long span = 30L + CounterRandom.below(400, seed, 9, 0); // seconds
        for (int number = 0; number < 40; number++) {
            String user = "u" + below(names, seed, number, 0);
            String item = "i" + below(names, seed, number, 1);
            long time = T0 + number * (span * 1000L) / 40 - below(4, seed, number, 2) * 7_000L;
            if (seed % 5 == 1 && user.equals("u0")) { // a clock that is wrong
                time += (below(5, seed, number, 13) - 2) * 5L * MINUTE;
            }
            Optional<String> shown =
                    Optional.of("g" + below(3, seed, number, 15)).filter(name -> !name.equals("g0"));
            String id = "e" + below(30, seed, number, 3);
            shows.add(new Exposure(id, user, item, time, time, Features.NONE, shown));
        }
        for (int number = 0; number < 40; number++) {
            Exposure of = shows.get(number);
            long time = of.time() + below(90, seed, number, 4) * 1000L - 5_000;
            String named = below(2, seed, number, 5) == 0 ? of.id() : "";
            String action = List.of("click", "like", "hover").get(below(3, seed, number, 6));
            String user = below(8, seed, number, 7) == 0 ? "u" + below(names, seed, number, 8) : of.user();
            double weight = seed % 3 == 0 ? WEIGHTS[below(WEIGHTS.length, seed, number, 14)] : 1;
            acts.add(new Click(
                    "c" + below(30, seed, number, 9),
                    user,
                    of.item(),
                    Optional.of(named).filter(id -> !id.isBlank()),
                    action,
                    weight,
                    time,
                    time,
                    Features.NONE));
        }
        int shown = 0;
        int acted = 0;
        int bias = 1 + below(9, seed, 77, 0);
        for (int turn = 0; shown < shows.size() || acted < acts.size(); turn++) {
            if (seed % 4 == 0 && below(40, seed, turn, 11) == 0) {
                forget("u" + below(names, seed, turn, 12));
            }
            boolean exposureNext = acted == acts.size() || (shown < shows.size() && below(10, seed, turn, 10) < bias);
            if (exposureNext) {
                read(shows.get(shown++));
            } else {
                read(acts.get(acted++));
            }
        }
    }

    /** What the attribution's books say. */
    Books.Account books(String topic) {
        return Optional.ofNullable(attribution.books().accounts().get(topic)).orElse(Books.Account.EMPTY);
    }

    /** The books with waiting as an outcome, as the audit sees them. */
    Map<String, Long> outcomes(String topic) {
        Map<String, Long> outcomes = new TreeMap<>(books(topic).outcomes());
        outcomes.put("waiting", books(topic).waiting());
        return outcomes;
    }

    /** @param mayLead whether one topic may have been read far ahead of the other */
    OfflineJoin.Verdicts audit(boolean mayLead) {
        UserPartition partition = new UserPartition(settings, TopicNames.read(new SettingsReader(Map.of())), 0);
        forgotten.forEach(partition::remove);
        exposureStates.values().forEach(partition::addExposureState);
        clickStates.values().forEach(partition::addClickState);
        for (int at = 0; at < exposures.size(); at++) {
            Exposure of = exposures.get(at);
            String names = "exposure_id user_id item_id time" + (of.generation().isPresent() ? " generation" : "");
            Object[] values = {
                of.id(), of.user(), of.item(), of.time(), of.generation().orElse("")
            };
            partition.addExposure(plain("ExposureRecord", names, values), at);
        }
        for (int at = 0; at < clicks.size(); at++) {
            Click of = clicks.get(at);
            String names = "click_id user_id item_id action weight time"
                    + (of.exposure().isPresent() ? " exposure_id" : "");
            Object[] values = {
                of.id(),
                of.user(),
                of.item(),
                of.action(),
                of.weight(),
                of.time(),
                of.exposure().orElse("")
            };
            partition.addClick(plain("ClickRecord", names, values), at);
        }
        ExampleLog log = log();
        OfflineJoin.Verdicts verdicts = new OfflineJoin.Verdicts();
        new OfflineJoin(partition, log.byOrigin(), log.amounts(), partition.times(mayLead), verdicts).run();
        return verdicts;
    }

    /** All faults that the audit finds. */
    List<String> faults() {
        OfflineJoin.Verdicts verdicts = audit(true);
        return Stream.concat(verdicts.secondExamples().stream(), verdicts.faults().stream())
                .toList();
    }

    /** Returns true if the audit finds no fault, knows each example, and can explain the attribution's books. */
    boolean isExplained(boolean mayLead) {
        OfflineJoin.Verdicts verdicts = audit(mayLead);
        return verdicts.explained().cardinality() == examples.size()
                && verdicts.explain(totals("exposures"), totals("clicks"));
    }

    private BooksSnapshot.Totals totals(String topic) {
        return new BooksSnapshot.Totals(books(topic).received(), new TreeMap<>(outcomes(topic)));
    }

    /** The topic of examples. */
    ExampleLog log() {
        ExampleLog log = new ExampleLog(settings.caps(), isWhole ? 0 : 1);
        for (int at = 0; at < examples.size(); at++) {
            for (String user : removals.getOrDefault(at, List.of())) {
                log.add(new PlainRecord("UserRemoval", Map.of("user_id", user)), at);
            }
            TrainingExample of = examples.get(at);
            PlainRecord user = plain(
                    "UserFeaturesRecord",
                    "user_id time",
                    of.user().user(),
                    of.user().time());
            String names = "example_id user item_id action weight time clicked";
            log.add(
                    plain(
                            "ExampleRecord",
                            names,
                            of.id(),
                            user,
                            of.item(),
                            of.action(),
                            of.weight(),
                            of.time(),
                            of.isPositive()),
                    at);
        }
        return log;
    }

    /** @param names of the fields, with spaces between them */
    static PlainRecord plain(String schema, String names, Object... values) {
        Map<String, Object> fields = new HashMap<>();
        for (String name : names.split(" ", -1)) {
            fields.put(name, values[fields.size()]);
        }
        return new PlainRecord(schema, fields);
    }

    @Override
    public void example(TrainingExample example) {
        examples.add(example);
    }

    @Override
    public void userFeatures(UserFeatures user) {}

    @Override
    public void userRemoved(String user) {
        removals.computeIfAbsent(examples.size(), count -> new ArrayList<>()).add(user);
    }

    private static int below(int bound, long seed, long number, long slot) {
        return CounterRandom.below(bound, seed, number, slot);
    }
}
