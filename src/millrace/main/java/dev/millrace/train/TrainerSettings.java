package dev.millrace.train;

import dev.millrace.alarm.AlarmSettings;
import dev.millrace.batch.BatchSettings;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.exam.ExamSettings;
import dev.millrace.exam.ItemFacts;
import dev.millrace.model.Mixture;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.NumericFingerprint;
import dev.millrace.model.RowStorage;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.engine.Team;
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.neighbour.NeighbourSettings;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.publish.PublishSettings;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.EntrySource;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Map;

/**
 * Settings of a {@link Trainer}.
 *
 * @param engine what computes a step; not among the model's settings, as it changes no formula
 * @param isHistoryAnswered whether answers may have items of the user's history, so that exams and the mixture's lessons do
 * @param youngBudget share of the mixture's merit that a bonus for young items may cost
 * @param learnFrom epoch milliseconds; 0: all batches are learnt
 */
public record TrainerSettings(
        BatchSettings batch,
        ModelSettings model,
        Engine engine,
        int threads,
        int readThreads,
        ExamSettings exam,
        AlarmSettings alarms,
        PublishSettings publish,
        FastPopularity.Settings fast,
        NeighbourSettings neighbours,
        boolean isHistoryAnswered,
        double youngBudget,
        long learnFrom,
        int digestSteps,
        long cacheBytes) {

    /** Of the bytes of embedding rows on the heap, as its divisor, so many more are for lists of neighbours. */
    private static final int NEIGHBOURS_SHARE = 8;

    /** Reads the settings of a learner. Faults are the reader's to report, graphs that do not run in this process among them. */
    public static TrainerSettings read(SettingsReader reader) {
        BatchSettings batch = BatchSettings.read(reader);
        ModelSettings model = ModelSettings.read(reader);
        reader.requireLast("graphs", () -> model.graphFaults(System.getenv())
                .forEach(fault -> reader.require(false, fault.path(), fault.value(), fault.rule())));
        return new TrainerSettings(
                batch,
                model,
                Engine.read(reader),
                reader.free(free -> free.integer("learn.threads = 1 in [1, " + Team.MOST
                        + "]: threads that share a learning step; any number gives the same bits")),
                reader.free(free -> free.integer("table.read-threads = 4 in [1, " + Team.MOST
                        + "]: threads that together read the rows that a batch needs from the state directory; any "
                        + "number gives the same bits")),
                reader.free(ExamSettings::read),
                reader.free(AlarmSettings::read),
                reader.free(free -> PublishSettings.read(free, batch.size())),
                FastPopularity.Settings.read(reader),
                NeighbourSettings.read(reader),
                reader.flag(
                        "history.answers = false: whether answers may have items of the user's history, as in sessions: "
                                + "what exams and the mixture's lessons rank, and the recall API's default"),
                reader.number(
                        "young.budget = 0 in [0, 0.5]: largest share of the mixture's merit that a bonus for items "
                                + "with fewer than ten clicks may cost, so that they get a fair chance; 0: no bonus"),
                learnFrom(reader),
                reader.free(free ->
                        free.integer("digest.steps = 100 in [1, 1000000]: steps between two digests of the model"
                                + " for an audit; the last 32 are kept")),
                reader.free(RowStorage::cacheBytes));
    }

    /**
     * Returns what a new learner knows of items.
     *
     * @param stored the learner's stored entries; {@link EntrySource#NONE} if all stay on the heap
     */
    ItemFacts facts(Catalogue catalogue, EntrySource stored) {
        return new ItemFacts(
                catalogue,
                new FastPopularity(fast, EntryKind.FAST_POPULARITY.prefix(), catalogue),
                new NeighbourLists(
                        neighbours,
                        catalogue,
                        EntryKind.NEIGHBOURS.prefix(),
                        EntryKind.ERASED_NEIGHBOURS.prefix(),
                        stored,
                        cacheBytes / NEIGHBOURS_SHARE),
                isHistoryAnswered);
    }

    /** Returns the mixture of a new learner. */
    Mixture mixture() {
        return new Mixture(fast.halfLives().size(), fast.first(), youngBudget);
    }

    /** What decides the bits of a step in this process, beside its inputs. */
    public NumericFingerprint fingerprint() {
        return NumericFingerprint.require(engine, model);
    }

    /** Returns a new engine for the steps of one learner, which closes it. */
    StepEngine stepEngine() {
        return new StepEngine(engine, new Team("learn", threads), new Team("rows", readThreads));
    }

    /** Those that the bits of a learner depend on. */
    public static KeptSettings kept(Map<String, String> given) {
        return KeptSettings.of(given, TrainerSettings::read);
    }

    private static long learnFrom(SettingsReader reader) {
        String key = "learn.from";
        String time = reader.text(key
                + ": event time, such as 2026-11-01T00:00:00Z, before which batches are counted but not "
                + "learnt; empty: all are learnt");
        if (time.isEmpty()) {
            return 0;
        }
        try {
            return OffsetDateTime.parse(time).toInstant().toEpochMilli();
        } catch (DateTimeParseException | ArithmeticException unreadable) {
            reader.require(false, key, time, "must be a time with its offset, such as 2026-11-01T00:00:00Z");
            return 0;
        }
    }

    public TrainerSettings withExam(ExamSettings other) {
        return with(batch, other);
    }

    /** Returns these settings with a catalogue that keeps every item. */
    public TrainerSettings keepingItems() {
        return with(batch.keepingItems(), exam);
    }

    private TrainerSettings with(BatchSettings otherBatch, ExamSettings otherExam) {
        return new TrainerSettings(
                otherBatch,
                model,
                engine,
                threads,
                readThreads,
                otherExam,
                alarms,
                publish,
                fast,
                neighbours,
                isHistoryAnswered,
                youngBudget,
                learnFrom,
                digestSteps,
                cacheBytes);
    }
}
