-- The register `project` as a table: the same columns, the same rules, and an index where Shirube's lists have one.
-- Code lists are CHECKs because they are the cheapest form for PostgreSQL.
CREATE TABLE project (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  survey_year integer NOT NULL CHECK (survey_year BETWEEN 1868 AND 2200),
  theme varchar(60) NOT NULL,
  title varchar(300),
  adopted_on date,
  "grant" bigint CHECK ("grant" >= 0),
  focus text CHECK (focus IN ('1', '2', '3', '4', '5', 'multiple')),
  stage text NOT NULL CHECK (stage IN ('basic', 'applied', 'nonclinical', 'clinical')),
  under_one_year boolean NOT NULL,
  outcome text CHECK (outcome IN ('same', 'up', 'market')),
  stage_after text CHECK (stage_after IN ('basic', 'applied', 'nonclinical', 'clinical', 'market')),
  state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'reported', 'confirmed', 'withdrawn')),
  moved_up integer GENERATED ALWAYS AS (CASE WHEN outcome IN ('up', 'market') THEN 1 WHEN outcome IS NOT NULL THEN 0 END) STORED,
  marketed integer GENERATED ALWAYS AS (CASE WHEN outcome = 'market' THEN 1 WHEN outcome IS NOT NULL THEN 0 END) STORED,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (survey_year, theme),
  CONSTRAINT market_is_market CHECK ((outcome = 'market') = (stage_after = 'market')),
  CONSTRAINT same_is_same CHECK ((outcome = 'same') = (stage_after = stage)),
  CONSTRAINT up_is_up CHECK (outcome <> 'up'
    OR strpos('basic applied nonclinical clinical', stage_after) > strpos('basic applied nonclinical clinical', stage)),
  CONSTRAINT age_fits_adoption CHECK (under_one_year OR adopted_on < make_date(survey_year + 1, 4, 1))
);
CREATE INDEX ON project (survey_year);
CREATE INDEX ON project (theme);
CREATE INDEX ON project (adopted_on);
CREATE INDEX ON project ("grant");
CREATE INDEX ON project (focus);
CREATE INDEX ON project (stage);
CREATE INDEX ON project (under_one_year);
CREATE INDEX ON project (outcome);
CREATE INDEX ON project (stage_after);
CREATE INDEX ON project (moved_up);
CREATE INDEX ON project (marketed);
