package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** One user partition: its topics in memory, what a real attribution makes of them, and what the offline join says of that. */
final class JoinedPartition implements Attribution.Output {

    final List<Exposure> exposures = new ArrayList<>();
    final List<Click> clicks = new ArrayList<>();
    final List<String> forgotten = new ArrayList<>();
    final List<TrainingExample> examples = new ArrayList<>();
    /** What the audit says of the examples' shares, in their order. */
    private final List<Double> shares = new ArrayList<>();

    private final ExampleLog.Shares expected;
    final AttributionSettings settings;

    private final Attribution attribution;

    JoinedPartition(String... keysAndValues) {
        Map<String, String> given = new HashMap<>();
        for (int at = 0; at < keysAndValues.length; at += 2) {
            given.put(keysAndValues[at], keysAndValues[at + 1]);
        }
        settings = AttributionSettings.read(new SettingsReader(given));
        expected = new ExampleLog.Shares(settings.caps(), true);
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

    /** As if the beginning of the topic of examples were gone. */
    void forgetShares() {
        shares.replaceAll(share -> Double.NaN);
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
    JoinVerdicts audit(boolean mayLead) {
        JoinVerdicts verdicts = new JoinVerdicts();
        OfflineJoin.run(input(mayLead), verdicts);
        return verdicts;
    }

    /** As {@link #audit}, by the slow twin. */
    JoinVerdicts auditSlowly(boolean mayLead) {
        JoinVerdicts verdicts = new JoinVerdicts();
        OfflineJoinReference.run(input(mayLead), verdicts);
        return verdicts;
    }

    JoinInput input(boolean mayLead) {
        long exposureTime = 0;
        Map<IdHash, List<LoggedExposure>> loggedExposures = new HashMap<>();
        for (int at = 0; at < exposures.size(); at++) {
            Exposure of = exposures.get(at);
            exposureTime = Math.max(exposureTime, of.time());
            loggedExposures
                    .computeIfAbsent(IdHash.of(of.user(), of.item()), pair -> new ArrayList<>())
                    .add(new LoggedExposure(
                            IdHash.of(of.user(), of.item(), of.id()),
                            IdHash.of(of.user()),
                            of.time(),
                            exposureTime,
                            at,
                            LoggedExposure.isSampled(settings.unclicked(), of.user(), of.item(), of.id())));
        }
        long clickTime = 0;
        List<LoggedClick> loggedClicks = new ArrayList<>();
        for (int at = 0; at < clicks.size(); at++) {
            Click of = clicks.get(at);
            clickTime = Math.max(clickTime, of.time());
            loggedClicks.add(new LoggedClick(
                    of.id(),
                    IdHash.of(of.user(), of.id()),
                    IdHash.of(of.user()),
                    IdHash.of(of.user(), of.item()),
                    of.exposure().map(id -> IdHash.of(of.user(), of.item(), id)),
                    of.action(),
                    of.weight(),
                    of.time(),
                    clickTime,
                    at));
        }
        Map<IdHash, List<LoggedExample>> clicked = new HashMap<>();
        Map<IdHash, List<LoggedExample>> unclicked = new HashMap<>();
        for (int at = 0; at < examples.size(); at++) {
            TrainingExample of = examples.get(at);
            String user = of.user().user();
            IdHash name = of.isPositive() ? IdHash.of(user, of.id()) : IdHash.of(user, of.item(), of.id());
            (of.isPositive() ? clicked : unclicked)
                    .computeIfAbsent(name, click -> new ArrayList<>())
                    .add(new LoggedExample(
                            at,
                            name,
                            IdHash.of(user),
                            IdHash.of(user, of.item()),
                            IdHash.of(of.item()),
                            of.action(),
                            of.weight(),
                            at < shares.size() ? shares.get(at) : 1,
                            of.time(),
                            of.user().time(),
                            at,
                            of.isPositive()));
        }
        Set<IdHash> gone = new HashSet<>();
        forgotten.forEach(user -> gone.add(IdHash.of(user)));
        return new JoinInput(
                settings,
                new SettledTimeBounds(settings.mode(), settings.maxSkew().toMillis(), exposureTime, clickTime, mayLead),
                new JoinInput.Events(loggedExposures, loggedClicks, gone),
                new JoinInput.Examples(clicked, unclicked),
                new JoinInput.Topics("exposures", "clicks", "training-examples", 0));
    }

    @Override
    public void example(TrainingExample example) {
        examples.add(example);
        IdHash user = IdHash.of(example.user().user());
        shares.add(example.isPositive() ? expected.next(user, IdHash.of(example.item()), example.time()) : Double.NaN);
    }

    @Override
    public void userFeatures(UserFeatures user) {}

    @Override
    public void userRemoved(String user) {
        expected.forget(IdHash.of(user));
    }
}
