-- 病床当たりの単価と最小病床数 / Unit price per bed and least number of beds
WITH rate AS (
  SELECT _id, value AS unit_price, min_beds FROM subsidy_rate
  WHERE kind = 'unit_price' AND programme = (SELECT _id FROM programme WHERE name = '勤務医の労働時間短縮に向けた体制の整備に関する事業')
),
-- 試算の病床数 / Beds of the estimate
beds AS (
  SELECT value AS beds FROM assumption WHERE id = 'doctor-hours-beds'
)
SELECT '-' AS period, rate.unit_price * max(beds.beds, rate.min_beds) AS value FROM rate, beds
