-- 転記した計画の木にある第2期のゴール / Goals of the second period in the transcribed plan
WITH goals AS (
  SELECT id FROM plan_node WHERE period = 'p2' AND kind = 'goal'
)
SELECT '-' AS period, count(*) AS value, count(*) AS n FROM goals
