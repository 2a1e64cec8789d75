package dev.millrace.fuzz;

import dev.millrace.event.Click;
import dev.millrace.event.EventLimits;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Accounts that send what a program says. Only legal events: within the limits of sizes, and ahead of the honest clock by attribution.max-ahead at most. */
final class Accounts implements Raid.Sender {

    /** Enough to be alone among the last 4,096 events of both topics, again and again. */
    private static final int MOST_EVENTS = 12_000;

    private static final long MOST_BYTES = 16L << 20;

    /** Clicks that wait are looked through by each exposure of their item, and exposures by a click that names none. */
    private static final int MOST_WAITING = 200;

    private static final EventLimits LIMITS = EventLimits.read(new SettingsReader(Map.of()));
    private static final String PREFIX = "mallory";

    /** The action that hides an item. */
    static final String HIDE = "hide";

    private static final long MINUTE = 60_000;

    private final List<Instruction> instructions;
    private final List<String> names;
    private final int honest;
    private final Items items;
    private final int[] done;
    private int fresh;
    private int ids;
    private int events;
    private int waiting;
    private long bytes;

    /** Which items there are. */
    interface Items {

        /** The one that is to gain. */
        String target();

        /** The one that is clicked most, from 0, and so on. */
        String popular(int place);

        /** One of all, in a round that begins with the target. */
        String round(int place);
    }

    /**
     * @param names of the accounts, as {@link #name} gives them
     * @param honest events of others
     */
    Accounts(Program program, List<String> names, int honest, Items items) {
        this.instructions = program.instructions();
        this.names = List.copyOf(names);
        this.honest = honest;
        this.items = items;
        this.done = new int[instructions.size()];
    }

    static String name(int number) {
        return PREFIX + number;
    }

    static boolean isOne(String user) {
        return user.startsWith(PREFIX);
    }

    @Override
    public void before(int at, long now, Consumer<ReplayEvent> to) {
        boolean isLeft = true;
        for (int round = 0; isLeft; round++) { // side by side: one of each, then the next of each
            isLeft = false;
            for (int number = 0; number < done.length; number++) {
                Instruction instruction = instructions.get(number);
                if (round < instruction.schedule().due(at, honest)
                        && done[number] < instruction.schedule().times()
                        && events < MOST_EVENTS
                        && bytes < MOST_BYTES) {
                    send(instruction, done[number]++, now, to);
                    isLeft = true;
                }
            }
        }
    }

    private void send(Instruction instruction, int time, long now, Consumer<ReplayEvent> to) {
        int account = instruction.account() == Instruction.EACH ? time : instruction.account();
        String user = names.get(account % names.size());
        long when =
                Math.max(EventLimits.EARLIEST_MILLIS, now + instruction.clock().minutes(time) * MINUTE);
        int size = instruction.size().features();
        switch (instruction.kind()) {
            case PAIR, HIDE -> {
                String item = item(instruction, time);
                String exposure = id("x", instruction);
                String action = instruction.kind() == Instruction.Kind.PAIR ? "click" : HIDE;
                to.accept(exposure(exposure, user, item, when, features(size)));
                to.accept(click(instruction, user, item, Optional.of(exposure), action, when));
            }
            case NAMELESS, ORPHAN -> {
                boolean isOrphan = instruction.kind() == Instruction.Kind.ORPHAN;
                if (waiting++ < MOST_WAITING) {
                    Optional<String> exposure = Optional.of("never").filter(named -> isOrphan);
                    to.accept(click(instruction, user, item(instruction, time), exposure, "click", when));
                }
            }
            case EXPOSURE ->
                to.accept(exposure(id("x", instruction), user, item(instruction, time), when, features(size)));
            case VIEW -> to.accept(click(instruction, user, item(instruction, time), Optional.empty(), "view", when));
            case PROFILE -> to.accept(new ReplayEvent.ProfileUpdate(new UserProfile(user, when, profile(size, time))));
        }
        boolean isPair = instruction.kind() == Instruction.Kind.PAIR || instruction.kind() == Instruction.Kind.HIDE;
        events += isPair ? 2 : 1;
        bytes += size + 4L * instruction.size().ids();
    }

    private ReplayEvent exposure(String id, String user, String item, long when, Features features) {
        return new ReplayEvent.ItemExposure(new Exposure(id, user, item, when, 0, features));
    }

    private ReplayEvent click(
            Instruction instruction, String user, String item, Optional<String> exposure, String action, long when) {
        Features features = exposure.isPresent() && !exposure.get().equals("never")
                ? Features.NONE
                : features(instruction.size().features());
        return new ReplayEvent.ItemClick(
                new Click(id("c", instruction), user, item, exposure, action, instruction.weight(), when, 0, features));
    }

    private String item(Instruction instruction, int time) {
        int number = instruction.aim().number();
        return switch (instruction.aim().items()) {
            case TARGET -> items.target();
            case POPULAR -> items.popular(time % Math.min(number, Instruction.MOST_POPULAR));
            case ROUND -> items.round(time % number);
            case FRESH -> padded("fresh" + fresh++, instruction.size().ids());
        };
    }

    private String id(String kind, Instruction instruction) {
        return padded(kind + ids++ + '-', instruction.size().ids());
    }

    private static String padded(String text, int bytes) {
        return text + "-".repeat(Math.max(0, bytes - text.length()));
    }

    /** A profile of the shop's own features, and more up to that size. No two are the same. */
    private Features profile(int size, int time) {
        Map<String, FeatureValue> values = new HashMap<>(features(size).values());
        values.put("age_group", new FeatureValue.Category("group-" + time % 5));
        values.put("budget", new FeatureValue.Category(time % 2 == 0 ? "low" : "high"));
        values.put("number", new FeatureValue.Quantity(time));
        return legal(Features.of(values));
    }

    private Features features(int size) {
        int half = size / 2;
        return size == 0
                ? Features.NONE
                : legal(Features.of(Map.of(
                        "a", new FeatureValue.Category("a".repeat(half)),
                        "b", new FeatureValue.Category("b".repeat(size - half)))));
    }

    private Features legal(Features features) {
        LIMITS.check("features", features);
        return features;
    }
}
