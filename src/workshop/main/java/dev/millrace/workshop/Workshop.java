package dev.millrace.workshop;

import dev.millrace.app.Extension;
import dev.millrace.dataset.DataSets;
import dev.millrace.draft.UndecidedColumnException;
import dev.millrace.evaluate.HoldoutSettings;
import dev.millrace.evaluate.PrequentialSettings;
import dev.millrace.evaluate.WindowSettings;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.DataSet;
import dev.millrace.settings.SettingsReader;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import java.util.List;
import java.util.Map;

/** What the workshop adds to the program. */
public final class Workshop implements Extension {

    private static final int UNDECIDED = 65; // EX_DATAERR

    @Override
    public List<Class<?>> commands() {
        return List.of(
                DemoCommand.class, InitCommand.class, EvaluateCommand.class, TuneCommand.class, BenchCommand.class);
    }

    @Override
    public Map<Class<? extends Throwable>, Integer> statuses() {
        return Map.of(UndecidedColumnException.class, UNDECIDED);
    }

    @Override
    public List<DataFormat> formats() {
        return DataSets.FORMATS;
    }

    @Override
    public DataSet generated(SettingsReader settings) {
        return ShopGenerator.of(settings);
    }

    @Override
    public void readSettings(SettingsReader reader) {
        PrequentialSettings.read(reader);
        HoldoutSettings.read(reader);
        WindowSettings.read(reader);
        List<Object> unused = DataSets.settings(reader);
        ShopSettings.read(reader);
    }
}
