function list(text: string): string[] {
  return text.split(",").map((word) => word.trim());
}

export const firstNames = list(`
  Aisha, Alejandro, Anders, Anika, Arjun, Beatriz, Bjorn, Camille, Carlos, Chen, Chloe, Dana, Daniel, Elena,
  Emeka, Emily, Fatima, Felix, Grace, Hana, Hiroshi, Ibrahim, Ingrid, Isabel, Ivan, Jamal, James, Jin, Joao,
  Kavya, Keiko, Kwame, Laila, Liam, Lucia, Magnus, Maria, Marcus, Mei, Mohammed, Nadia, Naomi, Nikhil, Noah,
  Olga, Omar, Paolo, Rachel, Rosa, Samuel, Sofia, Tariq, Thandiwe, Victor, Wei, Yara, Yusuf, Zoe
`);
export const lastNames = list(`
  Abbott, Adeyemi, Alvarez, Andersson, Banerjee, Bauer, Bianchi, Brooks, Carvalho, Castillo, Chang, Cohen,
  Costa, Dubois, Eriksen, Farouk, Ferrari, Garcia, Gupta, Haddad, Hansen, Hughes, Ito, Jensen, Johansson,
  Kaplan, Khan, Kim, Kowalski, Kumar, Larsen, Lee, Lopez, Mbeki, Mendoza, Moreau, Morgan, Mwangi, Nakamura,
  Nguyen, Novak, O'Brien, Okonkwo, Patel, Pereira, Quinn, Reyes, Rossi, Sato, Schmidt, Silva, Singh, Suzuki,
  Tanaka, Torres, Vasquez, Walker, Weber, Wong, Yilmaz, Zhang
`);
export const companies = list(`
  Northwind Traders, Alpine Freight, Bluewater Foods, Cedar & Stone Builders, Copperfield Clinics,
  Crescent Robotics, Delta Ridge Energy, Eastgate Pharmacy, Evergreen Packaging, Fairmont Textiles,
  Falcon Couriers, Foxglove Gardens, Garnet Analytics, Glacier Cold Storage, Golden Mile Bakery,
  Granite Peak Outfitters, Greenfield Dairy, Hartley Instruments, Harvest Moon Grocers, Highland Timber,
  Horizon Dental Group, Ironbridge Machining, Juniper Hotels, Kestrel Aviation, Keystone Plumbing,
  Lakeside Veterinary, Lantern Studios, Linden Furniture, Lowell Ceramics, Maple Street Books, Meridian Optics,
  Midtown Fitness, Millbrook Breweries, Mosaic Interiors, Nimbus Hosting, Oakridge Schools, Orchard Lane Cider,
  Osprey Marine, Pacific Rim Imports, Parkview Eye Care, Pinecrest Insurance, Pioneer Seeds,
  Quarry Hill Concrete, Quill & Co Stationery, Redwood Legal, Riverbend Logistics, Rosewood Catering,
  Saffron Kitchens, Sandstone Realty, Silverline Transit, Southpaw Brewing, Starling Media, Stonegate Security,
  Summit Cycles, Sunrise Solar, Tamarack Tools, Thornton Steel, Tidewater Fisheries, Union Square Cafe,
  Vanguard Printing, Verdant Farms, Vista Home Care, Westbrook Motors, Whitfield Paper, Willow Creek Spa,
  Yellowtail Travel
`);
export const cities: readonly (readonly [string, string, string])[] = [
  ["Boston", "Massachusetts", "02110"],
  ["Providence", "Rhode Island", "02903"],
  ["Portland", "Maine", "04101"],
  ["Hartford", "Connecticut", "06103"],
  ["Albany", "New York", "12207"],
  ["Philadelphia", "Pennsylvania", "19103"],
  ["Baltimore", "Maryland", "21202"],
  ["Burlington", "Vermont", "05401"],
];
export const streets = list(`
  Harbor Street, Mill Lane, Commerce Drive, Elm Avenue, Station Road, Industrial Way, Chestnut Street,
  Front Street
`);
export const titles = list(`
  Operations Manager, Chief Executive Officer, Head of Purchasing, Finance Director, Fleet Manager, IT Lead,
  Office Manager, Warehouse Supervisor, Sales Director, Founder, Procurement Specialist, Facilities Manager
`);
/** name | code | category | price */
export const products = list(`
  Harbor Tracker GPS Unit|HT-100|Hardware|189, Harbor Tracker Pro|HT-200|Hardware|329.5,
  Dock Sensor Kit|DS-010|Hardware|749, Cold Chain Probe|CC-015|Hardware|129, Handheld Scanner|HS-300|Hardware|459,
  Label Printer|LP-040|Hardware|389, Vehicle Camera|VC-120|Hardware|279, Gateway Hub|GH-001|Hardware|899,
  Fleet Manager Starter|FM-S|Software|49, Fleet Manager Business|FM-B|Software|129,
  Fleet Manager Enterprise|FM-E|Software|399, Route Planner|RP-1|Software|79, Warehouse Suite|WS-1|Software|219,
  Driver App Licence|DA-1|Software|9.9, Analytics Add-on|AA-1|Software|99, Compliance Pack|CP-1|Software|149,
  Onboarding Workshop|OW-1|Services|1500, Data Migration|DM-1|Services|2800, On-site Installation|OI-1|Services|1200,
  Custom Integration|CI-1|Services|6500, Driver Training Day|DT-1|Services|950, Standard Support|SS-1|Support|600,
  Premium Support|PS-1|Support|2400, Extended Warranty|EW-1|Support|350, Route Planner (legacy)|RP-0|Software|59
`);
export const dealTopics = list(`
  fleet renewal, warehouse rollout, GPS tracker upgrade, route planning pilot, cold chain monitoring,
  support contract, scanner replacement, compliance package, data migration, multi-site expansion,
  driver app licences, dock sensor install
`);
export const taskVerbs = list(`
  Send proposal to, Follow up with, Prepare quote for, Check references of, Update contract for,
  Schedule training for, Call back, Send invoice to, Review requirements of, Confirm delivery date with
`);
export const eventTopics = list(`
  Product demo, Kick-off meeting, Quarterly review, Contract walkthrough, Site visit, Training session,
  Pricing discussion, Lunch
`);
export const callTopics = list(`
  Discovery call, Pricing question, Renewal check-in, Support escalation, Delivery status, Introductory call,
  Contract terms, Missed call
`);
export const noteTexts = [
  "Prefers to be called in the morning; e-mail is read once a day.",
  "Budget for this year is spent, the next round is decided in the first week of the quarter.",
  "Asked for a comparison with their current supplier before the next meeting.",
  "The warehouse moves to a new site, installation has to wait until the lease is signed.",
  "Very happy with the pilot: drivers save about twenty minutes a day.",
  "Legal wants the data processing agreement changed in two clauses.",
  "Needs delivery in two batches, the first one before the end of the month.",
  "Met at the logistics fair; interested in the cold chain probe above all.",
  "The decision is taken by the finance director, our contact only prepares it.",
  "Complained about the last invoice. Credit note sent, please check before the next call.",
];
export const competitors = list(`
  TrackWise, FleetLogix, RouteHero, Beacon Telematics
`);
